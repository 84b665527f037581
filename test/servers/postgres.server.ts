/** The sql backend on a real PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type pg from 'pg'
import type { SqlOptions } from '../../src/backends/sql.ts'
import { named, PASSWORD, testBackend, withPassword } from '../backends/contract.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { alice, setUp as setUpOn } from './support/customers.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { ALICE_HASH, CHEAPLY, OPERATIONS, statements } from './support/sql.ts'

let server: Postgres
before(async () => {
  server = await startPostgres()
})
after(() => server?.dispose())

const setUp = (t: TestContext, options: Partial<SqlOptions> = {}, limits: pg.PoolConfig = {}) =>
  setUpOn(server, t, options, limits)

testBackend({
  name: 'sql on PostgreSQL',
  operations: OPERATIONS,
  setUp: async (t) => {
    const { gate, handlers } = await setUp(t, CHEAPLY)
    // The work for somebody who does not exist is that of the hash verified last: this one costs none.
    await alice(handlers)
    return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
  },
})

describe('what the database says', () => {
  const fails = (
    title: string,
    options: Partial<SqlOptions>,
    message: RegExp,
    operation: 'auth' | 'setpass' = 'auth',
  ) =>
    test(`${title} is an error that will be the same next time`, async (t) => {
      const { handlers, pool } = await setUp(t, { patience: 60_000, ...options })
      const ask = async () => handlers[operation](withPassword(operation, 'alice', PASSWORD))
      await assert.rejects(ask, { code: 'ERR_BACKEND', message })
      assert.equal(pool.idleCount, 1, 'its connection is as good as before')
    })

  fails(
    'a missing table',
    { auth: 'SELECT a FROM b WHERE c = :user' },
    /^`auth` of sql: .*42P01.*"b" does not exist/,
  )
  fails('a slip', { auth: 'SELEC :user' }, /^`auth` of sql: .*42601/)
  fails('a number', { auth: 'SELECT 1 WHERE :user = login' }, /42703/)
  fails('a hash that is a number', { auth: 'SELECT 1 FROM customers WHERE login = :user' }, /type number/)
  fails(
    'a hash that is an object',
    { auth: "SELECT '{}'::json FROM customers WHERE login = :user" },
    /type object/,
  )
  fails(
    'a hash that is a list',
    { auth: 'SELECT ARRAY[password] FROM customers WHERE login = :user' },
    /type array/,
  )
  fails('no rows', { auth: 'DELETE FROM customers WHERE login = :user' }, /expected rows, got none/)
  fails('no column', { auth: 'SELECT FROM customers WHERE login = :user' }, /expected rows, got none/)
  fails('bytes that are not UTF-8', { auth: "SELECT '\\xff'::bytea WHERE '' <> :user" }, /not UTF-8/)
  fails(
    'a table in place of a change',
    { setpass: 'SELECT :user, :hash' },
    /^`setpass` of sql: expected it to change/,
    'setpass',
  )
  fails('two statements', { auth: 'SELECT 1 WHERE :user = 1; SELECT 2' }, /42601/)

  test('a missing right is an error that names the statement', async (t) => {
    await server.query(
      'DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$',
    )
    const { handlers } = await setUp(t, {}, { user: 'reader' })
    await server.query('GRANT SELECT (login, password) ON customers TO reader')
    assert.equal(await alice(handlers), true)
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'alice', 'new')), {
      code: 'ERR_BACKEND',
      message: /^`setpass` of sql: .*42501.*permission denied/,
    })
  })

  test('a type parser that fails by a mistake of its own is no outage, and the connection is not used again', async (t) => {
    let connected = 0
    const { handlers, pool } = await setUp(
      t,
      { patience: 60_000 },
      { max: 1, types: { getTypeParser: () => () => JSON.parse('{') } },
    )
    pool.on('connect', () => connected++)
    for (const message of [/^`auth` of sql: SyntaxError/, /^`auth` of sql: SyntaxError/])
      await assert.rejects(async () => alice(handlers), { code: 'ERR_BACKEND', message })
    assert.equal(connected, 2)
  })

  test('an error that quotes the hash is told without its words', async (t) => {
    const setpass = 'UPDATE customers SET password = (:hash::int)::text WHERE login = :user'
    const { handlers } = await setUp(t, { setpass })
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'alice', 'new')), {
      code: 'ERR_BACKEND',
      message: '`setpass` of sql: error 22P02 (the message may quote the password and is left out)',
    })
  })
})

describe('rows', () => {
  const several = async () => {
    await server.query('ALTER TABLE customers DROP CONSTRAINT customers_pkey')
    for (const hash of [cheapHash('on the phone'), null, cheapHash('on the desk'), '$unknown$']) {
      await server.query('INSERT INTO customers VALUES ($1, $2)', ['alice', hash])
    }
  }

  test('each of several passwords is allowed, and no other', async (t) => {
    const { handlers } = await setUp(t)
    await several()
    for (const password of [PASSWORD, 'on the phone', 'on the desk'])
      assert.equal(await alice(handlers, password), true)
    await assert.rejects(async () => alice(handlers, 'wrong'), { code: 'ERR_HASH' })
    await server.query("DELETE FROM customers WHERE password = '$unknown$'")
    assert.equal(await alice(handlers, 'wrong'), false)
    assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
  })

  test('one of them that is taken away is refused at once', async (t) => {
    const { handlers } = await setUp(t)
    await several()
    assert.equal(await alice(handlers, 'on the phone'), true)
    await server.query("DELETE FROM customers WHERE password = $1 OR password = '$unknown$'", [
      cheapHash('on the phone'),
    ])
    assert.equal(await alice(handlers, 'on the phone'), false)
    assert.equal(await alice(handlers, 'on the desk'), true)
  })

  test('no password is no user, unless a statement says otherwise', async (t) => {
    const { isuser, ...others } = statements()
    const { handlers } = await setUp(t)
    const { handlers: without } = await setUp(t, { ...others, isuser: undefined as never })
    await server.query('UPDATE customers SET password = NULL')
    assert.equal(await alice(handlers), false)
    assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
    assert.equal(await without.isuser(named('isuser', 'alice')), false)
    await server.query('UPDATE customers SET password = $1', [ALICE_HASH])
    assert.equal(await without.isuser(named('isuser', 'alice')), true)
    assert.equal(await without.isuser(named('isuser', 'bob')), false)
  })

  const counts = (title: string, isuser: string) =>
    test(`${title} tells who exists, although it always returns a row`, async (t) => {
      const { handlers } = await setUp(t, { isuser })
      assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
      assert.equal(await handlers.isuser(named('isuser', 'bob')), false)
    })
  counts('EXISTS', 'SELECT EXISTS (SELECT FROM customers WHERE login = :user)')
  counts('COUNT', 'SELECT count(*) FROM customers WHERE login = :user')
  counts('an aggregate', 'SELECT max(login) FROM customers WHERE login = :user')

  test('a hash can be bytes, and the first of several columns', async (t) => {
    const auth = "SELECT password::bytea AS b, 'x' AS \"1\", 'y' AS b FROM customers WHERE login = :user"
    const { handlers } = await setUp(t, { auth })
    assert.equal(await alice(handlers), true)
    assert.equal(await alice(handlers, 'wrong'), false)
  })

  test('a placeholder can be held against different types, and every value is a text', async (t) => {
    const auth = `SELECT password FROM customers
      WHERE login = :user AND :user::varchar(9) = login AND :jid = login || '@' || :server`
    const { handlers } = await setUp(t, { auth })
    assert.equal(await alice(handlers), true)
  })

  test('a name with a NUL is nobody, whatever is asked', async (t) => {
    const { handlers, pool } = await setUp(t)
    const user = 'alice\0'
    assert.equal(await handlers.auth(withPassword('auth', user, PASSWORD)), false)
    assert.equal(await handlers.isuser(named('isuser', user)), false)
    assert.equal(await handlers.setpass(withPassword('setpass', user, 'new')), false)
    assert.equal(await handlers.tryregister(withPassword('tryregister', user, 'new')), false)
    assert.equal(await handlers.removeuser(named('removeuser', user)), true)
    assert.equal(pool.totalCount, 0)
  })
})

describe('writes', () => {
  test('a registration that inserts nothing is allowed only with the same password', async (t) => {
    const tryregister = 'INSERT INTO customers VALUES (:user, :hash) ON CONFLICT DO NOTHING'
    const { handlers } = await setUp(t, { tryregister })
    const register = (user: string, password: string) =>
      handlers.tryregister(withPassword('tryregister', user, password))
    assert.equal(await register('bob', 'right'), true)
    assert.equal(await register('bob', 'right'), true)
    assert.equal(await register('bob', 'other'), false)
    assert.equal(await register('alice', PASSWORD), true)
    assert.equal(await register('alice', 'other'), false)
    assert.equal(await alice(handlers), true)
  })

  test('a unique index that a change of the password meets is an error', async (t) => {
    const { handlers } = await setUp(t, { setpass: 'INSERT INTO customers VALUES (:user, :hash)' })
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'alice', 'new')), {
      code: 'ERR_BACKEND',
      message: /23505/,
    })
  })

  test('rows that a change returns are counted', async (t) => {
    const setpass = 'UPDATE customers SET password = :hash WHERE login = :user RETURNING login'
    const { handlers } = await setUp(t, { setpass })
    assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
    assert.equal(await handlers.setpass(withPassword('setpass', 'bob', 'new')), false)
  })

  test('a function can do the work, and says with true or false whether it did', async (t) => {
    await server.query(`CREATE OR REPLACE FUNCTION set_password(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN UPDATE customers SET password = $2 WHERE login = $1; RETURN FOUND; END $$`)
    const { handlers } = await setUp(t, { setpass: 'SELECT set_password(:user, :hash)' })
    assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
    assert.equal(await handlers.setpass(withPassword('setpass', 'bob', 'new')), false)
    assert.equal(await alice(handlers, 'new'), true)
    assert.equal(await alice(handlers), false)
  })

  test('a request that is aborted while its password is hashed writes nothing', async (t) => {
    const { handlers } = await setUp(t)
    const late = withPassword('setpass', 'alice', 'late', AbortSignal.abort())
    await assert.rejects(async () => handlers.setpass(late), { name: 'AbortError' })
    assert.equal(await alice(handlers), true)
  })
})

test('the placeholders are those that the server sees', async (t) => {
  const tricky = `SELECT password /* /* ' */ :user */ -- :user '
    FROM customers WHERE login = :user AND E'\\'' <> ':user' AND $x$':user$x$ <> $$:user$$ AND "login"::text <> '\\'
    AND (ARRAY['a', 'b'])[1:2] <> '{}' AND '{"a": 1}'::jsonb ? 'a'`
  const { handlers } = await setUp(t, { auth: tricky })
  assert.equal(await alice(handlers), true)
  assert.equal(await handlers.auth(withPassword('auth', 'bob', PASSWORD)), false)
})
