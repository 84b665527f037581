/** The sql backend on a real MariaDB, through both drivers. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import * as mariadb from 'mariadb'
import mysql2 from 'mysql2/promise'
import { type SqlOptions, type SqlPool, sql } from '../../src/backends/sql.ts'
import type { Handlers } from '../../src/handlers.ts'
import { named, PASSWORD, testBackend, withPassword } from '../backends/contract.ts'
import { until } from '../e2e/support/wait.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { Gate } from '../helpers/gate.ts'
import { MARIADB_USER, MAX_CONNECTIONS, type Mariadb, startMariadb } from './support/mariadb.ts'
import { ALICE_HASH, CHEAPLY, OPERATIONS, statements } from './support/sql.ts'

let server: Mariadb
before(async () => {
  server = await startMariadb()
})
after(() => server?.dispose())

interface Settings {
  port: number
  connectionLimit: number
  typeCast?: () => never
}
type MakePool = (settings: Settings) => SqlPool

const DRIVERS: Readonly<Record<string, MakePool>> = {
  mysql2: (settings) => mysql2.createPool({ ...MARIADB_USER, connectTimeout: 1000, ...settings }),
  mariadb: (settings) =>
    mariadb.createPool({ ...MARIADB_USER, acquireTimeout: 1000, initializationTimeout: 500, ...settings }),
}

/** The names of the default collation are compared as people do; these compare byte by byte. */
const EXACTLY = 'login = :user AND BINARY login = :user'
const COLLATIONS: Readonly<Record<string, { column: string; condition: string }>> = {
  'a comparison byte by byte': { column: 'varchar(190)', condition: EXACTLY },
  'a column that compares byte by byte': {
    column: 'varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin',
    condition: 'login = :user',
  },
}
const [BYTES] = Object.values(COLLATIONS) as [{ column: string; condition: string }]

async function setUp(
  t: TestContext,
  makePool: MakePool,
  options: Partial<SqlOptions> = {},
  { column, condition } = BYTES,
) {
  await server.query('DROP TABLE IF EXISTS customers')
  await server.query(`CREATE TABLE customers (login ${column} PRIMARY KEY, password varchar(200))`)
  await server.query('INSERT INTO customers VALUES (?, ?)', ['alice', ALICE_HASH])
  const gate = new Gate(server.port)
  await gate.open()
  const pool = makePool({ port: gate.port, connectionLimit: 2 })
  const handlers = sql({ pool, ...statements(condition), patience: 0, ...options }) as Required<Handlers>
  t.after(async () => {
    await handlers.close()
    await gate.shut()
  })
  return { gate, handlers }
}

const alice = (handlers: Required<Handlers>, password = PASSWORD) =>
  handlers.auth(withPassword('auth', 'alice', password))

const OTHERS = "SELECT id FROM information_schema.processlist WHERE user = 'test' AND id <> connection_id()"
const terminate = async () => {
  // Who is gone in the meantime cannot be killed.
  for (const [id] of await server.query(OTHERS)) await server.query(`KILL ${id}`).catch(() => {})
}
const running = async () =>
  (await server.query(`${OTHERS} AND info LIKE 'SELECT password, sleep%'`)).length > 0

for (const [driver, makePool] of Object.entries(DRIVERS)) {
  for (const [title, collation] of Object.entries(COLLATIONS)) {
    testBackend({
      name: `sql on MariaDB through ${driver}, ${title}`,
      operations: OPERATIONS,
      setUp: async (t) => {
        const { gate, handlers } = await setUp(t, makePool, CHEAPLY, collation)
        // The work for somebody who does not exist is that of the hash verified last: this one costs none.
        await alice(handlers)
        const restart = async () => {
          await gate.open()
          // The driver `mariadb` waits for up to ten seconds before it tries to connect once more.
          if (driver === 'mariadb')
            await until('a connection', async () => Promise.resolve(alice(handlers)).catch(() => false))
        }
        return { handlers, stop: () => gate.shut(), restart, stall: () => gate.stall() }
      },
    })
  }

  describe(`${driver}: outages`, () => {
    const comesBack = (title: string, away: () => Promise<unknown>, back = async () => {}) =>
      test(`${title}: a patient request is answered, and nobody is refused`, async (t) => {
        const { handlers } = await setUp(t, makePool, { patience: 30_000 })
        assert.equal(await alice(handlers), true)
        await away()
        const exists = handlers.isuser(named('isuser', 'alice'))
        const answers = [alice(handlers), alice(handlers, 'wrong'), exists]
        await back()
        assert.deepEqual(await Promise.all(answers), [true, false, true])
      })

    const start = () => server.daemon.start()
    comesBack('the connections are killed', terminate)
    comesBack('the server is restarted', () => server.daemon.stop(), start)
    comesBack('the server is killed', () => server.daemon.stop('SIGKILL'), start)

    test('a connection that is lost in the middle of a statement is an outage', async (t) => {
      const auth = 'SELECT password, sleep(60) FROM customers WHERE login = :user'
      const { handlers } = await setUp(t, makePool, { auth })
      const rejected = assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
      await until('the statement to run', running)
      await terminate()
      await rejected
    })

    const slips = { skip: driver === 'mariadb' && 'it does not catch what is thrown there' }
    test('a mistake in the program is no outage', slips, async (t) => {
      const typeCast = () => {
        throw new RangeError('a slip')
      }
      const { handlers } = await setUp(t, (settings) => makePool({ ...settings, typeCast }), {
        patience: 60_000,
      })
      await assert.rejects(async () => alice(handlers), {
        code: 'ERR_BACKEND',
        message: '`auth` of sql: RangeError: a slip',
      })
    })

    test('too many connections are an outage', async (t) => {
      const { handlers } = await setUp(t, makePool)
      const connect = () => mysql2.createConnection({ ...MARIADB_USER, port: server.port })
      const others = await Promise.allSettled(Array.from({ length: MAX_CONNECTIONS + 2 }, connect))
      try {
        await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
      } finally {
        await Promise.all(others.map((each) => (each.status === 'fulfilled' ? each.value.end() : undefined)))
      }
      await until('a login to work', () => Promise.resolve(alice(handlers)).catch(() => false))
    })

    test('a statement that meets a limit of time is an outage', async (t) => {
      const auth =
        'SET STATEMENT max_statement_time = 0.05 FOR SELECT sleep(60) FROM customers WHERE login = :user'
      const { handlers } = await setUp(t, makePool, { auth })
      await assert.rejects(async () => alice(handlers), {
        code: 'ERR_UNAVAILABLE',
        message: /max_statement_time/,
      })
    })

    test('an aborted request destroys its connection, and the next one has a new one', async (t) => {
      const auth = 'SELECT password, sleep(60) FROM customers WHERE login = :user'
      const { handlers } = await setUp(t, (settings) => makePool({ ...settings, connectionLimit: 1 }), {
        auth,
      })
      const controller = new AbortController()
      const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
      const rejected = assert.rejects(async () => answer, { message: 'the deadline' })
      await until('the statement to run', running)
      controller.abort(new Error('the deadline'))
      await rejected
      assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
      await terminate()
    })

    test('a request that is aborted while it waits for a connection takes none', async (t) => {
      const auth = 'SELECT password, sleep(1) FROM customers WHERE login = :user'
      const { handlers } = await setUp(t, (settings) => makePool({ ...settings, connectionLimit: 1 }), {
        auth,
      })
      const first = alice(handlers)
      const controller = new AbortController()
      const second = handlers.isuser(named('isuser', 'alice', controller.signal))
      controller.abort(new Error('the deadline'))
      await assert.rejects(async () => second, { message: 'the deadline' })
      assert.equal(await first, true)
      assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
    })

    test('connections are never more than the pool may have, however many requests come at once', async (t) => {
      // One connection counts them all: others that have counted may not be gone yet.
      const counter = await mysql2.createConnection({ ...MARIADB_USER, port: server.port })
      t.after(() => counter.end())
      const connections = async () => ((await counter.query(OTHERS)) as [unknown[], unknown])[0].length
      await until('the end of the connections before', async () => (await connections()) === 0)
      const { handlers } = await setUp(t, makePool)
      const counts: number[] = []
      for (let round = 0; round < 5; round++) {
        const expected = Array.from({ length: 40 }, (_, index) => index % 2 === 0)
        const answers = expected.map((right) => alice(handlers, right ? PASSWORD : 'wrong'))
        counts.push(await connections())
        assert.deepEqual(await Promise.all(answers), expected)
        counts.push(await connections())
      }
      assert.ok(Math.max(...counts) > 0 && Math.max(...counts) <= 2, String(counts))
    })
  })

  describe(`${driver}: what the database says`, () => {
    const fails = (
      title: string,
      options: Partial<SqlOptions>,
      message: RegExp,
      operation: 'auth' | 'setpass' = 'auth',
    ) =>
      test(`${title} is an error that will be the same next time`, async (t) => {
        const { handlers } = await setUp(t, makePool, { patience: 60_000, ...options })
        const ask = async () => handlers[operation](withPassword(operation, 'alice', PASSWORD))
        await assert.rejects(ask, { code: 'ERR_BACKEND', message })
      })

    const auth = (text: string) => ({ auth: `${text} FROM customers WHERE login = :user` })
    fails('a missing table', { auth: 'SELECT a FROM b WHERE c = :user' }, /^`auth` of sql: .*doesn't exist/)
    fails('a slip', { auth: 'SELEC :user' }, /^`auth` of sql: .*syntax/)
    fails('a hash that is a number', auth('SELECT 1'), /type number/)
    fails('bytes that are not UTF-8', auth("SELECT x'ff'"), /not UTF-8/)
    fails('no rows', { auth: 'DELETE FROM customers WHERE login = :user' }, /expected rows, got none/)
    fails('two statements', { auth: 'SELECT 1 WHERE :user = 1; SELECT 2' }, /syntax/)
    const select = { setpass: 'SELECT :user, :hash' }
    fails('a table in place of a change', select, /^`setpass` of sql: expected it to change/, 'setpass')

    test('an error quotes no more of a statement than the server does', async (t) => {
      const { handlers } = await setUp(t, makePool, {
        auth: "SELECT decode(a, 'the key') FROM b WHERE c = :user",
      })
      await assert.rejects(async () => alice(handlers), {
        message: "`auth` of sql: ERROR ER_NO_SUCH_TABLE: Table 'test.b' doesn't exist".replace(
          'ERROR',
          driver === 'mysql2' ? 'Error' : 'SqlError',
        ),
      })
    })

    test('a missing right is an error that names the statement', async (t) => {
      await server.query("CREATE OR REPLACE USER reader@'127.0.0.1'")
      const { handlers, gate } = await setUp(t, makePool)
      await server.query("GRANT SELECT (login, password) ON test.customers TO reader@'127.0.0.1'")
      const pool = mysql2.createPool({ ...MARIADB_USER, user: 'reader', port: gate.port })
      const reader = sql({ pool, ...statements(EXACTLY) }) as Required<Handlers>
      t.after(() => reader.close())
      assert.equal(await alice(handlers), true)
      assert.equal(await alice(reader), true)
      await assert.rejects(async () => reader.setpass(withPassword('setpass', 'alice', 'new')), {
        code: 'ERR_BACKEND',
        message: /^`setpass` of sql: .*denied/,
      })
    })
  })

  describe(`${driver}: rows`, () => {
    test('each of several passwords is allowed, and no other', async (t) => {
      const { handlers } = await setUp(t, makePool)
      await server.query('ALTER TABLE customers DROP PRIMARY KEY')
      for (const password of ['on the phone', 'on the desk'])
        await server.query('INSERT INTO customers VALUES (?, ?)', ['alice', cheapHash(password)])
      await server.query("INSERT INTO customers VALUES ('alice', NULL)")
      for (const password of [PASSWORD, 'on the phone', 'on the desk'])
        assert.equal(await alice(handlers, password), true)
      assert.equal(await alice(handlers, 'wrong'), false)
    })

    test('a hash can be bytes, and the first of several columns', async (t) => {
      const auth = 'SELECT CAST(password AS BINARY) AS b, 1 AS `1`, 2 AS b FROM customers WHERE login = :user'
      const { handlers } = await setUp(t, makePool, { auth })
      assert.equal(await alice(handlers), true)
      assert.equal(await alice(handlers, 'wrong'), false)
    })

    const tells = (title: string, isuser: string) =>
      test(`${title} tells who exists`, async (t) => {
        await server.query(`CREATE OR REPLACE PROCEDURE find_user(who varchar(190))
          SELECT 1 FROM customers WHERE login = who`)
        const { handlers } = await setUp(t, makePool, { isuser })
        assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
        assert.equal(await handlers.isuser(named('isuser', 'bob')), false)
      })
    tells('EXISTS', 'SELECT EXISTS (SELECT 1 FROM customers WHERE login = :user)')
    tells('COUNT', 'SELECT count(*) FROM customers WHERE login = :user')
    tells('a procedure', 'CALL find_user(:user)')

    test('a number in the table is not held against a name as a number', async (t) => {
      const { handlers } = await setUp(t, makePool)
      await server.query('INSERT INTO customers VALUES (?, ?)', ['007', ALICE_HASH])
      assert.equal(await handlers.isuser(named('isuser', '007')), true)
      assert.equal(await handlers.isuser(named('isuser', '7')), false)
      assert.equal(await handlers.isuser(named('isuser', '0')), false)
    })

    test('without a comparison byte by byte, names that look alike are one', async (t) => {
      const { handlers } = await setUp(t, makePool, {}, { ...BYTES, condition: 'login = :user' })
      const exists = (user: string) => handlers.isuser(named('isuser', user))
      const same = await Promise.all(['\u00e1lice', 'alice '].map(exists))
      assert.deepEqual(same, [true, true], 'as docs/sql.md warns')
    })

    test('a backslash protects nothing where the server was told so', async (t) => {
      const { handlers } = await setUp(t, makePool)
      await server.query("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'")
      t.after(() => server.query('SET GLOBAL sql_mode = DEFAULT'))
      for (const user of ["\\' OR 1=1 -- ", "' OR 1=1 -- ", '\\'])
        assert.equal(await handlers.auth(withPassword('auth', user, PASSWORD)), false)
      assert.equal(await alice(handlers), true)
    })
  })

  describe(`${driver}: writes`, () => {
    test('a registration that inserts nothing is allowed only with the same password', async (t) => {
      const tryregister = 'INSERT IGNORE INTO customers VALUES (:user, :hash)'
      const { handlers } = await setUp(t, makePool, { tryregister })
      const register = (password: string) =>
        handlers.tryregister(withPassword('tryregister', 'bob', password))
      assert.deepEqual(
        [await register('right'), await register('right'), await register('other')],
        [true, true, false],
      )
    })

    test('the same hash again is a change, too', async (t) => {
      const setpass = 'UPDATE customers SET password = password WHERE login = :user AND :hash IS NOT NULL'
      const { handlers } = await setUp(t, makePool, { setpass })
      assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
      assert.equal(await handlers.setpass(withPassword('setpass', 'bob', 'new')), false)
    })
  })

  test(`${driver}: the placeholders are those that the server sees`, async (t) => {
    const auth = `SELECT password /* ' :user */ -- :user '
      # it's :user
      FROM customers WHERE login = :user AND '\\':user' <> ":user" AND \`login\` <> '\\\\' AND 1--1 = 2`
    const { handlers } = await setUp(t, makePool, { auth })
    assert.equal(await alice(handlers), true)
    assert.equal(await handlers.auth(withPassword('auth', 'bob', PASSWORD)), false)
  })
}
