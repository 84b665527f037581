/** The sql backend on a real PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import pg from 'pg'
import { type SqlOptions, sql } from '../../src/backends/sql.ts'
import type { Handlers } from '../../src/handlers.ts'
import { named, PASSWORD, testBackend, withPassword } from '../backends/contract.ts'
import { until } from '../e2e/support/wait.ts'
import { Gate } from '../helpers/gate.ts'
import { MAX_CONNECTIONS, type Postgres, startPostgres } from './support/postgres.ts'
import { ALICE_HASH, cheapHash, OPERATIONS, statements } from './support/sql.ts'

let server: Postgres
before(async () => {
  server = await startPostgres()
})
after(() => server?.dispose())

const address = { host: '127.0.0.1', user: 'postgres', database: 'postgres' }

async function setUp(t: TestContext, options: Partial<SqlOptions> = {}, limits: pg.PoolConfig = {}) {
  await server.query('DROP TABLE IF EXISTS customers')
  await server.query('CREATE TABLE customers (login text PRIMARY KEY, password text)')
  await server.query('INSERT INTO customers VALUES ($1, $2)', ['alice', ALICE_HASH])
  const gate = new Gate(server.port)
  await gate.open()
  const pool = new pg.Pool({ ...address, port: gate.port, max: 2, ...limits })
  const handlers = sql({ pool, ...statements(), patience: 0, ...options }) as Required<Handlers>
  t.after(async () => {
    await handlers.close()
    await gate.shut()
  })
  return { pool, gate, handlers }
}

const alice = (handlers: Required<Handlers>, password = PASSWORD) =>
  handlers.auth(withPassword('auth', 'alice', password))

/** How many connections the backend has, and those who wait for them not counted. */
const connections = async () =>
  Number((await server.query(`SELECT count(*) FROM pg_stat_activity WHERE ${OTHERS}`))[0]?.[0])
const OTHERS = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
const terminate = () => server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OTHERS}`)

testBackend({
  name: 'sql on PostgreSQL',
  operations: OPERATIONS,
  setUp: async (t) => {
    const { gate, handlers } = await setUp(t)
    // The work for somebody who does not exist is that of the hash verified last: this one costs none.
    await alice(handlers)
    return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
  },
})

describe('outages', () => {
  const comesBack = (title: string, away: () => Promise<unknown>, back = async () => {}) =>
    test(`${title}: a patient request is answered, and nobody is refused`, async (t) => {
      const { handlers } = await setUp(t, { patience: 30_000 })
      assert.equal(await alice(handlers), true)
      await away()
      const [right, wrong, exists] = [
        alice(handlers),
        alice(handlers, 'wrong'),
        handlers.isuser(named('isuser', 'alice')),
      ]
      await back()
      assert.deepEqual(await Promise.all([right, wrong, exists]), [true, false, true])
    })

  const start = () => server.daemon.start()
  comesBack('the connections are terminated', terminate)
  comesBack('the server is restarted', () => server.daemon.stop('SIGINT'), start)
  comesBack('the server gives up', () => server.daemon.stop('SIGQUIT'), start)
  comesBack('the server is killed', () => server.daemon.stop('SIGKILL'), start)

  test('an idle connection that is lost ends nothing, and is replaced', async (t) => {
    const { handlers, pool } = await setUp(t)
    assert.equal(await alice(handlers), true)
    const lost = new Promise((resolve) => pool.once('remove', resolve))
    await terminate()
    await lost
    assert.equal(await alice(handlers), true)
  })

  test('a connection that is lost in the middle of a statement is an outage', async (t) => {
    const { handlers } = await setUp(t, {
      auth: 'SELECT password, pg_sleep(60) FROM customers WHERE login = :user',
    })
    const answer = alice(handlers)
    const rejected = assert.rejects(async () => answer, { code: 'ERR_UNAVAILABLE', message: /`auth`.*57P01/ })
    await until('the statement to run', async () => (await running()) > 0)
    await terminate()
    await rejected
  })

  test('too many connections are an outage', async (t) => {
    const { handlers } = await setUp(t)
    const others = Array.from(
      { length: MAX_CONNECTIONS + 1 },
      () => new pg.Client({ ...address, port: server.port }),
    )
    const connected = await Promise.allSettled(others.map(async (client) => client.connect()))
    try {
      assert.ok(connected.some(({ status }) => status === 'rejected'))
      await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE', message: /53300/ })
    } finally {
      await Promise.all(
        others.filter((_, at) => connected[at]?.status === 'fulfilled').map((client) => client.end()),
      )
    }
    await until('a login to work', () => Promise.resolve(alice(handlers)).catch(() => false))
  })

  test('a statement that meets a limit of time or a lock is an outage', async (t) => {
    const { handlers } = await setUp(t, {}, { statement_timeout: 50 })
    const other = new pg.Client({ ...address, port: server.port })
    await other.connect()
    await other.query('BEGIN')
    await other.query('LOCK TABLE customers')
    await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE', message: /57014/ })
    await other.end()
    assert.equal(await alice(handlers), true)
  })

  test('a host that does not answer takes no place in the pool for ever', async (t) => {
    const { handlers, gate, pool } = await setUp(t, {}, { connectionTimeoutMillis: 100 })
    gate.stall()
    await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
    assert.equal(pool.totalCount, 0)
  })

  test('a pool without a limit for connecting is given one, and one with a limit keeps it', async (t) => {
    const { pool } = await setUp(t)
    assert.equal(pool.options.connectionTimeoutMillis, 3000)
    const other = new pg.Pool({ connectionTimeoutMillis: 7 })
    sql({ pool: other, auth: ':user' })
    assert.equal(other.options.connectionTimeoutMillis, 7)
  })
})

const running = async () =>
  Number(
    (
      await server.query(`SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND ${OTHERS}`)
    )[0]?.[0],
  )

describe('connections', () => {
  const slow = { auth: 'SELECT password, pg_sleep(60) FROM customers WHERE login = :user' }

  test('they are never more than the pool may have, however many requests come at once', async (t) => {
    const { handlers } = await setUp(t, {}, { max: 2 })
    const counts: number[] = []
    for (let round = 0; round < 5; round++) {
      const answers = Array.from({ length: 40 }, (_, index) =>
        alice(handlers, index % 2 === 0 ? PASSWORD : 'wrong'),
      )
      counts.push(await connections())
      const expected = Array.from({ length: 40 }, (_, index) => index % 2 === 0)
      assert.deepEqual(await Promise.all(answers), expected)
      counts.push(await connections())
    }
    assert.ok(Math.max(...counts) <= 2, String(counts))
    assert.ok(Math.max(...counts) > 0)
  })

  test('an aborted request destroys its connection, and the next one has a new one', async (t) => {
    const { handlers, pool } = await setUp(t, slow, { max: 1 })
    const controller = new AbortController()
    const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
    const rejected = assert.rejects(async () => answer, { message: 'the deadline' })
    await until('the statement to run', async () => (await running()) > 0)
    controller.abort(new Error('the deadline'))
    await rejected
    assert.equal(pool.totalCount, 0)
    assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
    await terminate() // the statement itself goes on until the server looks for its client
  })

  test('a request that is aborted while it waits for a connection takes none', async (t) => {
    const { handlers, pool } = await setUp(t, {}, { max: 1 })
    const taken = await pool.connect()
    const controller = new AbortController()
    const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
    controller.abort(new Error('the deadline'))
    await assert.rejects(async () => answer, { message: 'the deadline' })
    taken.release()
    assert.equal(await alice(handlers), true)
    assert.equal(pool.totalCount, 1)
    assert.equal(pool.idleCount, 1)
  })

  test('a request that is aborted already asks nothing', async (t) => {
    const { handlers, pool } = await setUp(t)
    const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, AbortSignal.abort()))
    await assert.rejects(async () => answer, { name: 'AbortError' })
    assert.equal(pool.totalCount, 0)
  })

  test('two backends can share a pool, which the last of them ends', async (t) => {
    const { handlers, pool } = await setUp(t)
    const other = sql({ pool, ...statements() }) as Required<Handlers>
    await other.close()
    await other.close()
    assert.equal(await alice(handlers), true)
    await handlers.close()
    assert.equal(pool.ended, true)
    await handlers.close()
  })

  test('a pool that somebody else has ended can be closed', async (t) => {
    const { handlers, pool } = await setUp(t)
    await pool.end()
    await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
    await handlers.close()
  })
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

  test('an error that quotes the hash is told without its words', async (t) => {
    const setpass = 'UPDATE customers SET password = (:hash::int)::text WHERE login = :user'
    const { handlers } = await setUp(t, { setpass })
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'alice', 'new')), {
      code: 'ERR_BACKEND',
      message: '`setpass` of sql: error 22P02 (the message quotes the password and is left out)',
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
