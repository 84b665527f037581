import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readEntries } from '../../src/accounts/entries.ts'
import { type ImportOptions, importAccounts } from '../../src/accounts/import.ts'
import { AccountStore } from '../../src/accounts/store.ts'
import { account } from '../../src/commands/account.ts'
import { finished, start, temporaryDirectory, temporaryStore } from './support.ts'

const SERVER = 'example.org'
const HASH = `$pbkdf2-sha256$i=1$c2FsdA$${'A'.repeat(43)}`

const lineFor = (user: string, secret = HASH) => Buffer.from(`${user} ${SERVER} ${secret}\n`)
const quiet: ImportOptions = { report: () => undefined }

for (const count of [0, 1, 64, 65, 100]) {
  test(`a source that fails after ${count} lines: they are done, and the error says so`, async (t) => {
    const store = await temporaryStore(t)
    const failure = new Error('EIO: i/o error, read')
    async function* source() {
      for (let i = 0; i < count; i++) yield lineFor(`user${i}`)
      yield Buffer.from('half a li')
      throw failure
    }
    await assert.rejects(importAccounts(store, readEntries(source()), quiet), {
      code: 'ERR_STORE',
      message: `The import stopped after line ${count}; all up to it is done. EIO: i/o error, read`,
      cause: failure,
    })
    assert.equal(store.count(), count)
  })
}

test('an import that is aborted finishes what it has read, and reads no more', async (t) => {
  const store = await temporaryStore(t)
  const controller = new AbortController()
  async function* source() {
    yield lineFor('alice', 'a password')
    yield lineFor('bob')
    controller.abort(new Error('Enough'))
    yield lineFor('carol')
  }
  const { signal } = controller
  await assert.rejects(importAccounts(store, readEntries(source()), { ...quiet, signal }), {
    code: 'ERR_STORE',
    message: 'The import stopped after line 2; all up to it is done. Enough',
  })
  assert.deepEqual([...store.list()].map(({ user }) => user).sort(), ['alice', 'bob'])
})

test('no more than 8 passwords are hashed before the next line is read', async (t) => {
  const store = await temporaryStore(t)
  async function* source() {
    for (let i = 0; i < 9; i++) yield lineFor(`user${i}`, 'a password')
    assert.equal(store.count(), 8)
  }
  const { imported } = await importAccounts(store, readEntries(source()), quiet)
  assert.equal(imported, 9)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`account import at ${signal} says up to which line all is done, and fails`, async (t) => {
    const store = await temporaryStore(t)
    const child = start('account-process', ['--accounts', store.directory, 'import', '-'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const ended = finished(child)
    const said = child.stderr && once(child.stderr, 'data')
    child.stdin?.write(Buffer.concat(Array.from({ length: 70 }, (_, i) => lineFor(`user${i}`))))
    while (!store.has('user0', SERVER)) await delay(10)
    child.kill(signal)
    assert.equal((await ended).code, 3)
    const message = /^The import stopped after line (\d+); all up to it is done. Interrupted by (.*)\n$/
    const [, line, by] = message.exec(String(await said)) ?? []
    assert.equal(by, signal)
    assert.equal(store.count(), Number(line))
  })
}

for (const secret of [HASH, 'a password']) {
  test(`a stored hash that cannot be read is not another password: ${secret.slice(0, 7)}`, async (t) => {
    const store = await temporaryStore(t)
    await store.create('alice', SERVER, '$2y$10$abcdefghijklmnopqrstuu')
    const reports: string[] = []
    const options = { report: (_: string, reason: string) => reports.push(reason) }
    await importAccounts(store, readEntries(Readable.from([lineFor('alice', secret)])), options)
    assert.deepEqual(reports, [
      `alice@${SERVER} is there already, with a stored hash that cannot be read; --replace gives it the new one`,
    ])
  })
}

test('a directory is no file to import, and no store is made', async (t) => {
  const directory = temporaryDirectory(t)
  const store = new AccountStore(`${directory}/store`)
  const { stdin, stdout, stderr } = process
  await assert.rejects(
    account(['import', directory, '--accounts', store.directory], { stdin, stdout, stderr }),
    {
      code: 'ERR_USAGE',
      message: /to be a file, or the data directory of Prosody .*, got a directory without such files$/,
    },
  )
  assert.throws(() => store.check(), { code: 'ERR_STORE' })
})
