import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AccountStore } from '../../src/accounts/store.ts'
import { temporaryDirectory } from './support.ts'

const ROOT = process.geteuid?.() === 0
const SOMEBODY = 65_533
const NOBODY = 65_534

/** Root may do everything: what is about rights is done as somebody who may not. */
async function as<Result>(uid: number, run: () => Promise<Result>): Promise<Result> {
  if (!ROOT) return run()
  process.setegid?.(uid)
  process.seteuid?.(uid)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}

async function storeOf(t: TestContext, uid: number): Promise<AccountStore> {
  const parent = temporaryDirectory(t)
  if (ROOT) chownSync(parent, uid, uid)
  const store = new AccountStore(join(parent, 'store'))
  await as(uid, async () => {
    await store.initialise()
    await store.create('alice', 'example.org', 'one')
  })
  return store
}

const unreadable = (path: string) =>
  test(`${path || 'a store'} that cannot be read is a StoreError for everything, and nobody is refused`, async (t) => {
    const store = await storeOf(t, NOBODY)
    chmodSync(join(store.directory, path), 0o000)
    const expected = { code: 'ERR_STORE', message: /\/.*, got EACCES \(permission denied\)/ }
    await as(NOBODY, async () => {
      assert.throws(() => store.read('alice', 'example.org'), expected)
      assert.throws(() => [...store.list(), store.read('alice', 'example.org')], expected)
      if (path.endsWith('password')) return
      assert.throws(() => store.has('alice', 'example.org'), expected)
      await assert.rejects(store.change('alice', 'example.org', 'two'), expected)
      if (path.endsWith('alice')) return
      await assert.rejects(store.create('bob', 'example.org', 'two'), expected)
      await assert.rejects(store.remove('alice', 'example.org'), expected)
    }).finally(() => chmodSync(join(store.directory, path), 0o700))
  })

unreadable('')
unreadable('example.org')
unreadable('example.org/alice')
unreadable('example.org/alice/password')

test('a store that cannot be written can be read, and a write is a StoreError that keeps its cause', async (t) => {
  const store = await storeOf(t, NOBODY)
  chmodSync(join(store.directory, 'example.org'), 0o500)
  await as(NOBODY, async () => {
    assert.equal(store.read('alice', 'example.org'), 'one')
    await assert.rejects(store.remove('alice', 'example.org'), (error: Error) => {
      assert.match(
        error.message,
        /^Expected to be able to remove the account alice@example.org in \/.*, got EACCES/,
      )
      return (error.cause as NodeJS.ErrnoException).code === 'EACCES'
    })
  }).finally(() => chmodSync(join(store.directory, 'example.org'), 0o700))
})

test('a store of somebody else is a StoreError', { skip: !ROOT }, async (t) => {
  const store = await storeOf(t, SOMEBODY)
  chmodSync(store.directory, 0o755)
  chmodSync(join(store.directory, '.ejabberd-extauth'), 0o644)
  chmodSync(dirname(store.directory), 0o755)
  await as(NOBODY, async () => {
    assert.throws(() => store.check(), {
      code: 'ERR_STORE',
      message: /belong to uid 65534 or to root, got uid 65533/,
    })
  })
})

test('what root makes belongs to the owner of the directory it is in', { skip: !ROOT }, async (t) => {
  const parent = temporaryDirectory(t)
  chownSync(parent, NOBODY, NOBODY)
  const store = new AccountStore(join(parent, 'store'))
  await store.initialise()
  await store.create('alice', 'example.org', 'one')
  await store.create('a'.repeat(1023), 'b'.repeat(1023), 'one')
  await store.change('alice', 'example.org', 'two')
  for (const file of ['.', ...(readdirSync(store.directory, { recursive: true }) as string[])]) {
    const { uid, gid } = statSync(join(store.directory, file))
    assert.deepEqual([uid, gid], [NOBODY, NOBODY], file)
  }
  await as(NOBODY, async () => {
    assert.equal(store.read('alice', 'example.org'), 'two')
    assert.equal(await store.change('alice', 'example.org', 'three'), true)
    assert.equal(await store.remove('alice', 'example.org'), true)
  })
})

test('an empty directory that others can write does not become a store', async (t) => {
  const directory = join(temporaryDirectory(t), 'open')
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  await assert.rejects(new AccountStore(directory).initialise(), { code: 'ERR_STORE', message: /mode 777/ })
})
