import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readEntries } from '../../src/accounts/entries.ts'
import { importAccounts } from '../../src/accounts/import.ts'
import { AccountStore } from '../../src/accounts/store.ts'
import { recordSyncs } from './injected.ts'
import { temporaryDirectory, temporaryStore } from './support.ts'

const SERVER = 'example.org'
const HASH = `$pbkdf2-sha256$i=1$c2FsdA$${'A'.repeat(43)}`

const CREATION = ['example.org/.tmp/*/password', 'example.org/.tmp/*', 'example.org']

const flushes = (
  operation: string,
  expected: readonly string[],
  act: (store: AccountStore) => Promise<boolean>,
  result = true,
) =>
  test(`${operation} is on the disk before it is reported`, async (t) => {
    const store = await temporaryStore(t)
    await store.create('alice', SERVER, HASH)
    const syncs = recordSyncs(t, store.directory)
    assert.equal(await act(store), result)
    assert.deepEqual(syncs, expected)
  })

flushes('an account that is created', CREATION, (store) => store.create('bob', SERVER, 'one'))
flushes('an account that was there', CREATION, (store) => store.create('alice', SERVER, 'two'), false)
flushes(
  'an account with a long name',
  ['example.org/.tmp/*/password', 'example.org/.tmp/*/name', ...CREATION.slice(1)],
  (store) => store.create('a'.repeat(1023), SERVER, 'one'),
)
flushes('an account that is changed', ['example.org/alice/*', 'example.org/alice'], (store) =>
  store.change('alice', SERVER, 'two'),
)
flushes('an account that is removed', ['example.org'], (store) => store.remove('alice', SERVER))
flushes('an account that is settled', ['example.org/alice', 'example.org'], (store) =>
  store.settle('alice', SERVER),
)
flushes(
  'the server of an account that is created',
  ['*/.tmp', '*', 'two.example', '', ...CREATION].map((path) => path.replace('example.org', 'two.example')),
  (store) => store.create('alice', 'two.example', 'one'),
)
flushes('an account that is removed already', ['example.org'], (store) => store.remove('bob', SERVER), false)
flushes('an account that an import finds', ['example.org/alice', 'example.org'], async (store) => {
  const source = Readable.from([Buffer.from(`alice ${SERVER} ${HASH}\n`)])
  const summary = await importAccounts(store, readEntries(source), { report: assert.fail })
  return summary.alreadyThere === 1
})

test('what another process wrote is flushed with the directories it is in', async (t) => {
  const { directory } = await temporaryStore(t)
  await new AccountStore(directory).create('alice', SERVER, HASH)
  const syncs = recordSyncs(t, directory)
  assert.equal(await new AccountStore(directory).settle('alice', SERVER), true)
  assert.deepEqual(syncs, ['example.org', '', 'example.org/alice', 'example.org'])
})

test('a store that is made is on the disk before it is reported', async (t) => {
  const parent = temporaryDirectory(t)
  const syncs = recordSyncs(t, parent)
  assert.equal(await new AccountStore(join(parent, 'store')).initialise(), true)
  assert.deepEqual(syncs, ['*/.ejabberd-extauth', '*', ''])
})
