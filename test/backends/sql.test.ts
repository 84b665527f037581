import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import * as mariadb from 'mariadb'
import callbacks from 'mysql2'
import mysql2 from 'mysql2/promise'
import pg from 'pg'
import { type SqlDriver, type SqlOptions, type SqlPool, type SqlResult, sql } from '../../src/backends/sql.ts'
import { UnavailableError } from '../../src/errors.ts'
import type { Handlers } from '../../src/handlers.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { named, PASSWORD, withPassword } from './contract.ts'

const HASH = cheapHash(PASSWORD)

const STATEMENTS = {
  auth: 'auth :user :server :jid',
  isuser: 'isuser :user',
  setpass: 'setpass :hash :user',
  tryregister: 'tryregister :user :hash',
  removeuser: 'removeuser :jid',
}

/** New hashes that take no time. */
const passwords = { newHashes: 'ssha512' } as const

type Query = SqlDriver['query']
type Reply = SqlResult | Error

/** A driver of the administrator's own, which answers each statement by its first word. */
function setUp(replies: Readonly<Record<string, Reply>>, options: Partial<SqlOptions & SqlDriver> = {}) {
  const asked: [text: string, ...values: string[]][] = []
  const query: Query = async (text, values) => {
    asked.push([text, ...values])
    const reply = replies[text.split(' ')[0] ?? '']
    if (reply instanceof Error) throw reply
    return reply ?? { rows: [] }
  }
  const { dialect = 'mysql', faultOf, close, ...others } = options
  const pool: SqlDriver = { dialect, query, ...(faultOf && { faultOf }), ...(close && { close }) }
  const handlers = sql({ pool, ...STATEMENTS, passwords, patience: 0, ...others }) as Required<Handlers>
  return { asked, handlers }
}

const rows = (...column: unknown[]): SqlResult => ({ rows: column.map((value) => [value, 'another column']) })
const auth = (handlers: Required<Handlers>, password = PASSWORD) =>
  handlers.auth(withPassword('auth', 'alice', password))

test('what is asked: values stand beside the statement, in the order of its placeholders', async () => {
  const { asked, handlers } = setUp({
    auth: rows(HASH),
    setpass: { changed: 1 },
    tryregister: { changed: 1 },
  })
  assert.equal(await auth(handlers), true)
  assert.equal(await handlers.isuser(named('isuser', 'alice')), false)
  assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'bob', 'new')), true)
  const hashes = asked
    .splice(2)
    .map(([text, ...values]) => [text, values.find((value) => value.startsWith('{'))])
  assert.deepEqual(asked, [
    ['auth ? ? ?', 'alice', 'example.org', 'alice@example.org'],
    ['isuser ?', 'alice'],
  ])
  for (const [text, hash] of hashes) assert.match(String(hash), /^\{SSHA512\}/, text)
})

test('what was verified before is asked for again, and allowed', async () => {
  const { asked, handlers } = setUp({ auth: rows(HASH) })
  for (let login = 0; login < 3; login++) assert.equal(await auth(handlers), true)
  assert.equal(asked.length, 3)
  assert.equal(await auth(handlers, 'wrong'), false)
})

test('a password that was changed here is known without work, and the hash is read nevertheless', async () => {
  const replies: Record<string, Reply> = { setpass: { changed: 1 }, auth: rows() }
  const { asked, handlers } = setUp(replies)
  await handlers.setpass(withPassword('setpass', 'alice', 'new'))
  assert.equal(await auth(handlers, 'new'), false)
  replies['auth'] = rows(asked[0]?.[1])
  assert.equal(await auth(handlers, 'new'), true)
})

test('only what there is a statement for can be done', () => {
  const pool: SqlDriver = { dialect: 'sqlite', query: () => ({}) }
  const operations = (options: Partial<SqlOptions>) =>
    Object.keys(sql({ pool, auth: ':user', ...options })).sort()
  assert.deepEqual(operations({}), ['auth', 'close', 'isuser'])
  assert.deepEqual(operations({ setpass: ':user :hash' }), ['auth', 'close', 'isuser', 'setpass'])
  assert.deepEqual(operations({ tryregister: ':user :hash' }), ['auth', 'close', 'isuser', 'tryregister'])
  assert.deepEqual(operations({ removeuser: ':user' }), ['auth', 'close', 'isuser', 'removeuser'])
})

const exists = (title: string, value: unknown, expected: boolean) =>
  test(`isuser: a row with ${title} is ${expected ? 'somebody' : 'nobody'}`, async () => {
    const { handlers } = setUp({ isuser: rows(value) })
    assert.equal(await handlers.isuser(named('isuser', 'alice')), expected)
  })
exists('1', 1, true)
exists('true', true, true)
exists('a name', 'alice', true)
exists('an empty text', '', true)
exists('a big number', 2n, true)
exists('0', 0, false)
exists('0 as a big number', 0n, false)
exists('0 as a text', '0', false)
exists('false', false, false)
exists('NULL', null, false)
exists('no column', undefined, false)

test('isuser: a row of `auth` without a column is nobody, as for a login', async () => {
  const pool: SqlDriver = { dialect: 'sqlite', query: () => ({ rows: [[]] }) }
  const handlers = sql({ pool, auth: ':user' }) as Required<Handlers>
  assert.equal(await handlers.isuser(named('isuser', 'alice')), false)
  assert.equal(await auth(handlers), false)
})

const changes = (title: string, result: SqlResult, expected: boolean | string) =>
  test(`setpass: ${title} is ${expected}`, async () => {
    const { handlers } = setUp({ setpass: result })
    const answer = Promise.resolve(handlers.setpass(withPassword('setpass', 'alice', 'new')))
    assert.equal(await answer.catch(({ code }) => code), expected)
  })
changes('one row', { changed: 1 }, true)
changes('several rows', { changed: 2 }, true)
changes('no row', { changed: 0 }, false)
changes('no row, but one returned', { changed: 0, rows: [[true]] }, false)
changes('true', { rows: [[true]] }, true)
changes('false', { rows: [[false]] }, false)
changes('1', { rows: [[1]] }, 'ERR_BACKEND')
changes('true twice', { rows: [[true], [true]] }, 'ERR_BACKEND')
changes('nothing', {}, 'ERR_BACKEND')
changes('no rows', { rows: [] }, 'ERR_BACKEND')

const means = (title: string, error: Error, code: string, options: Partial<SqlDriver> = {}) =>
  test(`an error of the administrator's driver: ${title} is ${code}`, async () => {
    const { handlers } = setUp({ auth: error, isuser: error, setpass: error }, options)
    await assert.rejects(async () => auth(handlers), { code })
    await assert.rejects(async () => handlers.isuser(named('isuser', 'alice')), { code })
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'alice', 'new')), { code })
  })
const refusedConnection = Object.assign(new Error('refused'), { syscall: 'connect' })
means('of the network', refusedConnection, 'ERR_UNAVAILABLE')
means('any other', new Error('no such table'), 'ERR_BACKEND')
means('one of ours', new UnavailableError('it says so'), 'ERR_UNAVAILABLE')
means('that is told to pass', new Error('busy'), 'ERR_UNAVAILABLE', { faultOf: () => 'unavailable' })
means('that is told to last', refusedConnection, 'ERR_BACKEND', { faultOf: () => 'lasting' })
means('of a unique index, but no registration', new Error('there'), 'ERR_BACKEND', {
  faultOf: () => 'duplicate',
})

test('a registration that a unique index refuses is allowed only with the same password', async () => {
  const replies = { tryregister: new Error('there already'), auth: rows(HASH) }
  const { handlers } = setUp(replies, { faultOf: () => 'duplicate' })
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'alice', PASSWORD)), true)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'alice', 'other')), false)
})

test('no error quotes the new hash, and none a statement', async () => {
  const asked: string[] = []
  const pool: SqlDriver = {
    dialect: 'mysql',
    query: (_text, [hash = '']) => {
      asked.push(hash)
      throw new Error(`'${hash}' is too long`)
    },
  }
  const handlers = sql({
    pool,
    ...STATEMENTS,
    passwords,
    setpass: "UPDATE :hash :user 'key'",
  }) as Required<Handlers>
  await assert.rejects(
    async () => handlers.setpass(withPassword('setpass', 'alice', 'new')),
    ({ message }: Error) => !message.includes(asked[0]?.slice(-8) ?? '') && !message.includes('key'),
  )
})

test('a request that is aborted fails with the reason, whatever the driver throws', async () => {
  const controller = new AbortController()
  const query: Query = async (_text, _values, { signal }) => {
    controller.abort(new Error('the deadline'))
    throw new Error(`the driver was told: ${signal.aborted}`)
  }
  const handlers = sql({ pool: { dialect: 'sqlite', query }, auth: ':user' }) as Required<Handlers>
  await assert.rejects(async () => handlers.auth(withPassword('auth', 'alice', 'x', controller.signal)), {
    message: 'the deadline',
  })
})

test('a driver is closed once, by the last backend that uses it; one that was refused uses none', async () => {
  let closed = 0
  const close = () => void closed++
  const pool: SqlDriver = { dialect: 'sqlite', query: () => ({}), close }
  const [one, other] = [sql({ pool, auth: ':user' }), sql({ pool, auth: ':user' })]
  assert.throws(() => sql({ pool, auth: 'nothing' }), TypeError)
  await one.close?.()
  await one.close?.()
  assert.equal(closed, 0)
  await other.close?.()
  await other.close?.()
  assert.equal(closed, 1)
})

const isPool = (title: string, make: () => SqlPool) =>
  test(`${title} is a pool, and is not connected before somebody asks`, async () => {
    const { close } = sql({ pool: make(), auth: ':user' })
    await close?.()
    await close?.()
  })
isPool('pg.Pool', () => new pg.Pool({ host: '127.0.0.1', port: 1 }))
isPool('a pool of mysql2/promise', () => mysql2.createPool({ host: '127.0.0.1', port: 1 }))
isPool('a pool of mariadb', () => mariadb.createPool({ host: '127.0.0.1', port: 1, minimumIdle: 0 }))

const EXPECTED =
  'Expected `pool` of sql to be a pool of pg, mysql2/promise or mariadb, or a database of better-sqlite3 or node:sqlite'
const isNoPool = (title: string, make: (t: TestContext) => unknown, found: string) =>
  test(`${title} is a TypeError that shows none of it`, (t) => {
    const pool = make(t) as SqlPool
    assert.throws(() => sql({ pool, auth: ':user' }), {
      name: 'TypeError',
      message: `${EXPECTED}, got ${found}`,
    })
  })
isNoPool('nothing', () => undefined, 'nothing')
isNoPool('null', () => null, 'a value of type null')
isNoPool('a number', () => 5, 'a value of type number')
isNoPool('an object', () => ({}), 'a value of type object')
isNoPool(
  'a connection string',
  () => 'postgres://shop:secret@localhost/shop',
  'a text of 37 characters: pass in a pool made with it',
)
isNoPool('a promise of a pool', async () => new pg.Pool(), 'a promise: await it')
isNoPool('a pg.Client', () => new pg.Client(), 'a single connection: pass in a pool, such as a pg.Pool')
isNoPool('the class', () => pg.Pool, 'a value of type function')
isNoPool('settings', () => ({ host: 'localhost' }), 'a value of type object')
isNoPool(
  'a pool of mysql2 with callbacks',
  (t) => {
    const pool = callbacks.createPool({})
    t.after(() => pool.end())
    return pool
  },
  'a pool with callbacks: make it with mysql2/promise, or with mariadb',
)
isNoPool('a driver of no dialect', () => ({ query: () => ({}) }), 'a value of type object')

const misuse = (title: string, options: object, message: string) =>
  test(`${title} is a TypeError`, () => {
    const pool: SqlDriver = { dialect: 'sqlite', query: () => ({}) }
    const all = { pool, auth: ':user', ...options } as SqlOptions
    assert.throws(() => sql(all), { name: 'TypeError', message })
  })
misuse('no statement', { auth: undefined }, 'Expected `auth` of sql to be a text, got nothing')
misuse('an empty statement', { setpass: '' }, 'Expected `setpass` of sql to be a text, got an empty text')
misuse('a statement that is none', { isuser: 5 }, 'Expected `isuser` of sql to be a text, got `5` (number)')
misuse('an unknown option', { setPass: ':user' }, 'sql has no option `setPass`: did you mean setpass?')
misuse(
  'a patience that is no number',
  { patience: '5' },
  'Expected `patience` of sql to be a number of milliseconds from 0 up, got `5` (string)',
)
misuse(
  'a statement without a placeholder',
  { removeuser: 'DELETE FROM customers' },
  'Expected `removeuser` of sql to hold :user or :jid, got no placeholder',
)
misuse(
  'passwords that are no options',
  { passwords: 'plain' },
  'Expected the options of passwords of sql to be an object, got a text of 5 characters',
)
misuse(
  'passwords that are null',
  { passwords: null },
  'Expected the options of passwords of sql to be an object, got a value of type null',
)
misuse(
  'an unknown option of passwords',
  { passwords: { peper: 'x' } },
  'passwords of sql has no option `peper`: did you mean pepper?',
)
