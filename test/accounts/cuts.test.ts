import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { AccountStore } from '../../src/accounts/store.ts'
import { finished, start, temporaryDirectory, temporaryStore } from './support.ts'

const SERVER = 'example.org'
const LONG = 'a'.repeat(1023)

/** Kills a process before the first, the second, ... call to the file system, until it survives. */
async function atEveryCut(
  t: TestContext,
  operation: string,
  user: string,
  prepare: (store: AccountStore) => Promise<unknown>,
  check: (store: AccountStore, survived: boolean) => Promise<unknown>,
): Promise<void> {
  for (let cut = 0; ; cut++) {
    const store = await temporaryStore(t)
    await prepare(store)
    const { code, signal } = await finished(
      start('cut-process', [store.directory, String(cut), operation, user, 'new']),
    )
    assert.ok(code === 0 || signal === 'SIGKILL', `the process ended with ${code} ${signal}`)
    await check(store, code === 0)
    if (code === 0) {
      assert.ok(cut > 5, 'there were calls to cut at')
      return
    }
  }
}

for (const user of ['bob', LONG]) {
  const name = user.length > 9 ? 'a long name' : user

  test(`a creation of ${name} that is killed anywhere created the account or did not`, async (t) => {
    await atEveryCut(
      t,
      'create',
      user,
      () => Promise.resolve(),
      async (store, survived) => {
        const hash = store.read(user, SERVER)
        assert.ok(hash === 'new' || (hash === undefined && !survived))
        assert.equal(store.count(), hash === undefined ? 0 : 1)
        assert.equal(await store.create(user, SERVER, 'newer'), hash === undefined)
        assert.equal(store.read(user, SERVER), hash ?? 'newer')
        assert.deepEqual([...store.list()], [{ user, server: SERVER }])
      },
    )
  })
}

test('a change that is killed anywhere left the old hash or the new one', async (t) => {
  await atEveryCut(
    t,
    'change',
    'bob',
    (store) => store.create('bob', SERVER, 'old'),
    async (store, survived) => {
      const hash = store.read('bob', SERVER) ?? ''
      assert.ok(hash === 'new' || (hash === 'old' && !survived))
      assert.equal(await store.change('bob', SERVER, 'newer'), true)
      assert.equal(store.read('bob', SERVER), 'newer')
      assert.equal(await store.remove('bob', SERVER), true)
    },
  )
})

test('a removal that is killed anywhere removed the account or did not', async (t) => {
  await atEveryCut(
    t,
    'remove',
    'bob',
    (store) => store.create('bob', SERVER, 'old'),
    async (store, survived) => {
      const hash = store.read('bob', SERVER)
      assert.ok(hash === undefined || (hash === 'old' && !survived))
      assert.equal(await store.remove('bob', SERVER), hash === 'old')
      assert.equal(store.count(), 0)
      assert.equal(await store.create('bob', SERVER, 'newer'), true)
    },
  )
})

test('a store that was killed anywhere in the making can be made', async (t) => {
  for (let cut = 0, survived = false; !survived; cut++) {
    const directory = temporaryDirectory(t)
    const { code } = await finished(start('cut-process', [directory, String(cut), 'initialise']))
    const store = new AccountStore(directory)
    const made = isStore(directory)
    assert.ok(made || code !== 0)
    assert.equal(await store.initialise(), !made)
    assert.equal(await store.create('bob', SERVER, 'hash'), true)
    survived = code === 0
  }
})

function isStore(directory: string): boolean {
  try {
    new AccountStore(directory).check()
    return true
  } catch {
    return false
  }
}
