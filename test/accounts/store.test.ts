import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeName } from '../../src/accounts/names.ts'
import { AccountStore } from '../../src/accounts/store.ts'
import { temporaryDirectory, temporaryStore } from './support.ts'

test('an account is there after its creation, and only then', async (t) => {
  const store = await temporaryStore(t)
  assert.equal(store.has('alice', 'example.org'), false)
  assert.equal(store.read('alice', 'example.org'), undefined)
  assert.equal(await store.create('alice', 'example.org', 'hash'), true)
  assert.equal(store.has('alice', 'example.org'), true)
  assert.equal(store.read('alice', 'example.org'), 'hash')
  assert.equal(readFileSync(join(store.directory, 'example.org/alice/password'), 'utf8'), 'hash\n')
})

test('an account is not created twice', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  assert.equal(await store.create('alice', 'example.org', 'two'), false)
  assert.equal(store.read('alice', 'example.org'), 'one')
})

test('the same user on two servers is two accounts', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'one.example', 'one')
  await store.create('alice', 'two.example', 'two')
  assert.deepEqual([store.read('alice', 'one.example'), store.read('alice', 'two.example')], ['one', 'two'])
})

test('a change takes effect at once, in another reader, too', async (t) => {
  const store = await temporaryStore(t)
  const reader = new AccountStore(store.directory)
  await store.create('alice', 'example.org', 'one')
  assert.equal(reader.read('alice', 'example.org'), 'one')
  assert.equal(await store.change('alice', 'example.org', 'two'), true)
  assert.equal(reader.read('alice', 'example.org'), 'two')
})

test('an account that is not there cannot be changed or removed', async (t) => {
  const store = await temporaryStore(t)
  assert.equal(await store.change('alice', 'example.org', 'hash'), false)
  assert.equal(await store.remove('alice', 'example.org'), false)
  assert.deepEqual(readdirSync(store.directory), ['.ejabberd-extauth'])
})

test('a removed account is gone and can be created again', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  assert.equal(await store.remove('alice', 'example.org'), true)
  assert.equal(store.has('alice', 'example.org'), false)
  assert.equal(await store.remove('alice', 'example.org'), false)
  assert.equal(await store.change('alice', 'example.org', 'two'), false)
  assert.equal(await store.create('alice', 'example.org', 'three'), true)
})

test('nothing unfinished is left behind', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  await store.create('alice', 'example.org', 'two')
  await store.change('alice', 'example.org', 'three')
  await store.create('bob', 'example.org', 'one')
  await store.remove('bob', 'example.org')
  const files = readdirSync(store.directory, { recursive: true }).sort()
  assert.deepEqual(files, [
    '.ejabberd-extauth',
    'example.org',
    'example.org/.tmp',
    'example.org/alice',
    'example.org/alice/password',
  ])
})

for (const name of [
  '',
  '.',
  '..',
  'a/../../b',
  '\0',
  '~',
  '.tmp',
  'name',
  'password',
  'a'.repeat(1023),
  'é'.repeat(511),
]) {
  test(`a user and a server can be called ${JSON.stringify(name.slice(0, 20))}`, async (t) => {
    const store = await temporaryStore(t)
    assert.equal(await store.create(name, name, 'one'), true)
    assert.equal(await store.create(name, name, 'one'), false)
    assert.equal(await store.change(name, name, 'two'), true)
    assert.equal(store.read(name, name), 'two')
    assert.deepEqual([...store.list()], [{ user: name, server: name }])
    assert.equal(await store.remove(name, name), true)
    assert.equal(store.count(), 0)
    assert.deepEqual(readdirSync(dirname(store.directory)), ['store'])
  })
}

test('the list gives back every name, and the count their number', async (t) => {
  const store = await temporaryStore(t)
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 120 })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, name), { maxLength: 4, selector: String }),
      async (accounts) => {
        for (const [user, server] of accounts) await store.create(user, server, 'hash')
        const listed = [...store.list()].map(({ user, server }) => [user, server])
        assert.deepEqual(listed.sort(), [...accounts].sort())
        assert.equal(store.count(), accounts.length)
        for (const [user, server] of accounts) {
          assert.ok([...store.list(server)].some((account) => account.user === user))
          await store.remove(user, server)
        }
      },
    ),
    { numRuns: 20 },
  )
})

test('a server without accounts has none', async (t) => {
  const store = await temporaryStore(t)
  assert.deepEqual([...store.list('example.org')], [])
  assert.equal(store.count('example.org'), 0)
})

test('files are private, whatever the umask', async (t) => {
  for (const umask of [0o000, 0o077, 0o777]) {
    const store = new AccountStore(join(temporaryDirectory(t), 'store'))
    const before = process.umask(umask)
    try {
      await store.initialise()
      await store.create('alice', 'example.org', 'one')
      await store.change('alice', 'example.org', 'two')
    } finally {
      process.umask(before)
    }
    const mode = (path: string) => (statSync(join(store.directory, path)).mode & 0o777).toString(8)
    for (const directory of ['.', 'example.org', 'example.org/.tmp', 'example.org/alice']) {
      assert.equal(mode(directory), '700', directory)
    }
    for (const file of ['.ejabberd-extauth', 'example.org/alice/password'])
      assert.equal(mode(file), '600', file)
  }
})

const old = new Date(Date.now() - 11 * 60 * 1000)

test('what was abandoned is swept up by a later write, and what is under way is not', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  const server = join(store.directory, 'example.org')
  const places = [store.directory, join(server, '.tmp'), join(server, 'alice')]
  for (const place of places) {
    for (const name of ['.unfinished-old', '.unfinished-young']) mkdirSync(join(place, name))
    writeFileSync(join(place, '.unfinished-old', 'password'), 'x')
    utimesSync(join(place, '.unfinished-old'), old, old)
  }
  await new AccountStore(store.directory).create('bob', 'example.org', 'one')
  await store.change('alice', 'example.org', 'two')
  for (const place of places) {
    assert.deepEqual(
      readdirSync(place).filter((name) => name.startsWith('.unfinished')),
      ['.unfinished-young'],
      place,
    )
  }
})

const broken = { code: 'ERR_STORE' }

test('a missing store is a StoreError that says how to make one', (t) => {
  const directory = join(temporaryDirectory(t), 'store')
  const store = new AccountStore(directory)
  const expected = (error: Error) =>
    error.message.includes(`sudo install -d -o ejabberd -g ejabberd -m 700 ${directory}\n`) &&
    error.message.includes(
      `sudo -u ejabberd ejabberd-extauth account add --accounts ${directory} USER SERVER`,
    )
  assert.throws(() => store.check(), expected)
  assert.throws(() => store.has('alice', 'example.org'), expected)
  assert.throws(() => store.read('alice', 'example.org'), broken)
  assert.throws(() => store.list(), broken)
})

test('a store that goes away is a StoreError for whoever uses it, and is used again when it is back', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  renameSync(store.directory, `${store.directory}.away`)
  // The mount point of a volume that is not mounted.
  mkdirSync(store.directory, { mode: 0o700 })
  assert.throws(() => store.has('alice', 'example.org'), broken)
  assert.throws(() => store.read('alice', 'example.org'), broken)
  await assert.rejects(store.create('alice', 'example.org', 'two'), broken)
  await assert.rejects(store.change('alice', 'example.org', 'two'), broken)
  await assert.rejects(store.remove('alice', 'example.org'), broken)
  assert.deepEqual(readdirSync(store.directory), [])
  rmSync(store.directory, { recursive: true })
  renameSync(`${store.directory}.away`, store.directory)
  assert.equal(store.read('alice', 'example.org'), 'one')
})

test('a server directory that is removed by hand is made again', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  rmSync(join(store.directory, 'example.org'), { recursive: true })
  assert.equal(await store.create('alice', 'example.org', 'two'), true)
})

test('a server directory that is made by hand is used', async (t) => {
  const store = await temporaryStore(t)
  mkdirSync(join(store.directory, 'example.org'))
  writeFileSync(join(store.directory, 'example.org/README'), 'x')
  assert.equal(await store.create('alice', 'example.org', 'one'), true)
  assert.deepEqual([...store.list()], [{ user: 'alice', server: 'example.org' }])
})

test('an account whose long name somebody has written over is listed as nobody else', async (t) => {
  const store = await temporaryStore(t)
  const long = 'x'.repeat(300)
  await store.create('alice', 'example.org', 'one')
  await store.create(long, 'example.org', 'two')
  const directory = join(store.directory, 'example.org', encodeName(long))
  writeFileSync(join(directory, 'name'), 'alice')
  assert.deepEqual([...store.list()], [{ user: 'alice', server: 'example.org' }])
  writeFileSync(join(directory, 'name'), long)
  assert.equal(store.count(), 2)
})

test('an account directory without a password is no account, and can be removed', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', 'example.org', 'one')
  const directory = join(store.directory, 'example.org/alice')
  renameSync(join(directory, 'password'), join(directory, 'lost'))
  assert.equal(store.has('alice', 'example.org'), false)
  assert.equal(store.count(), 0)
  assert.equal(await store.change('alice', 'example.org', 'two'), false)
  await assert.rejects(store.create('alice', 'example.org', 'two'), {
    ...broken,
    message: /no file `password`/,
  })
  assert.equal(await store.remove('alice', 'example.org'), false)
  assert.equal(await store.create('alice', 'example.org', 'two'), true)
})

test('a file in the place of a server is a StoreError, and not a missing account', async (t) => {
  const store = await temporaryStore(t)
  writeFileSync(join(store.directory, 'example.org'), 'x')
  assert.throws(() => store.has('alice', 'example.org'), {
    ...broken,
    message: /ENOTDIR \(not a directory\) at /,
  })
  await assert.rejects(store.create('alice', 'example.org', 'one'), broken)
})

test('a store of another format is a StoreError', async (t) => {
  const store = await temporaryStore(t)
  writeFileSync(join(store.directory, '.ejabberd-extauth'), 'ejabberd-extauth accounts, format 2\n')
  assert.throws(() => store.check(), { ...broken, message: /another version/ })
})

for (const mode of [0o720, 0o702, 0o777]) {
  test(`a store with mode ${mode.toString(8)} is a StoreError`, async (t) => {
    const store = await temporaryStore(t)
    chmodSync(store.directory, mode)
    assert.throws(() => store.check(), {
      ...broken,
      message: new RegExp(`got mode ${mode.toString(8)}.*chmod go-w`),
    })
    assert.throws(() => store.has('alice', 'example.org'), broken)
    await assert.rejects(store.create('alice', 'example.org', 'one'), broken)
  })
}

test('a server directory that others can write to is a StoreError for whoever writes to it', async (t) => {
  const { directory } = await temporaryStore(t)
  await new AccountStore(directory).create('alice', 'example.org', 'one')
  chmodSync(join(directory, 'example.org'), 0o777)
  const store = new AccountStore(directory)
  const expected = { ...broken, message: /got mode 777; .*chmod go-w \/.*\/example\.org/ }
  await assert.rejects(store.create('bob', 'example.org', 'one'), expected)
  await assert.rejects(store.remove('alice', 'example.org'), expected)
  assert.equal(store.read('alice', 'example.org'), 'one')
  chmodSync(join(directory, 'example.org'), 0o700)
  assert.equal(await store.create('bob', 'example.org', 'one'), true)
})

test('an empty directory becomes a store, once', async (t) => {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'lost+found'))
  const store = new AccountStore(directory)
  assert.deepEqual([await store.initialise(), await store.initialise()], [true, false])
  assert.equal(store.count(), 0)
})

test('a directory with something else in it does not become a store', async (t) => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'letter.txt'), 'x')
  await assert.rejects(new AccountStore(directory).initialise(), { ...broken, message: /store or empty/ })
  assert.deepEqual(readdirSync(directory), ['letter.txt'])
})

test('a directory without a parent does not become a store', async (t) => {
  const store = new AccountStore(join(temporaryDirectory(t), 'a/b'))
  await assert.rejects(store.initialise(), { ...broken, message: /ENOENT/ })
})

test('a directory is given as an absolute path', () => {
  assert.throws(() => new AccountStore('accounts'), {
    name: 'TypeError',
    message: 'Expected `directory` to be an absolute path, got `accounts` (string)',
  })
})

test('many creations at once are all there', async (t) => {
  const store = await temporaryStore(t)
  const users = Array.from({ length: 200 }, (_, i) => `user${i}`)
  const created = await Promise.all(users.map((user) => store.create(user, 'example.org', user)))
  assert.ok(created.every((done) => done === true))
  assert.deepEqual(
    users.map((user) => store.read(user, 'example.org')),
    users,
  )
})

test('of many creations of one account, one succeeds', async (t) => {
  const store = await temporaryStore(t)
  const hashes = Array.from({ length: 50 }, (_, i) => `hash${i}`)
  const created = await Promise.all(hashes.map((hash) => store.create('alice', 'example.org', hash)))
  assert.equal(created.filter((done) => done === true).length, 1)
  assert.equal(store.read('alice', 'example.org'), hashes[created.indexOf(true)])
})
