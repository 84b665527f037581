/** The sql backend on real SQLite, through both drivers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type SqlOptions, type SqlPool, sql } from '../../src/backends/sql.ts'
import type { Handlers } from '../../src/handlers.ts'
import { named, PASSWORD, testBackend, withPassword } from '../backends/contract.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { ALICE_HASH, CHEAPLY, OPERATIONS, statements } from './support/sql.ts'

/** A database that is open, as much of it as both drivers have. */
type Database = SqlPool & { exec(text: string): unknown; close(): unknown }

interface Driver {
  open?: (file: string, timeout: number) => Database
  skip?: string
}

const DRIVERS: Readonly<Record<string, Driver>> = {
  'better-sqlite3': await betterSqlite3(),
  'node:sqlite': await nodeSqlite(),
}

/** Native code is built for one version of Node.js. */
async function betterSqlite3(): Promise<Driver> {
  try {
    const { default: BetterSqlite3 } = await import('better-sqlite3')
    new BetterSqlite3(':memory:').close()
    return { open: (file, timeout) => new BetterSqlite3(file, { timeout }) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_DLOPEN_FAILED') throw error
    return { skip: `better-sqlite3 was built for another version of Node.js than ${process.version}` }
  }
}

async function nodeSqlite(): Promise<Driver> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 16)) return { skip: `node:sqlite is not in ${process.version}` }
  const name = 'node:sqlite'
  const { DatabaseSync } = (await import(name)) as {
    DatabaseSync: new (file: string, options: object) => Database
  }
  return { open: (file, timeout) => new DatabaseSync(file, { timeout }) }
}

for (const [driver, { open, skip }] of Object.entries(DRIVERS)) {
  async function setUp(
    t: TestContext,
    options: Partial<SqlOptions> = {},
    column = 'text PRIMARY KEY',
    timeout = 0,
  ) {
    if (open === undefined) throw new Error('skipped')
    const folder = mkdtempSync(join(tmpdir(), 'extauth-sqlite-'))
    const pool = open(join(folder, 'accounts.db'), timeout)
    const other = open(join(folder, 'accounts.db'), 0)
    other.exec(`CREATE TABLE customers (login ${column}, password text)`)
    other.exec(`INSERT INTO customers VALUES ('alice', '${ALICE_HASH}')`)
    const handlers = sql({ pool, ...statements(), patience: 0, ...options }) as Required<Handlers>
    t.after(async () => {
      await handlers.close()
      other.close()
      rmSync(folder, { recursive: true })
    })
    return { pool, other, handlers }
  }

  const alice = async (handlers: Required<Handlers>, password = PASSWORD) =>
    handlers.auth(withPassword('auth', 'alice', password))

  testBackend({
    name: `sql on SQLite through ${driver}`,
    operations: OPERATIONS,
    skip,
    setUp: async (t) => {
      const { other, handlers } = await setUp(t, CHEAPLY)
      // The work for somebody who does not exist is that of the hash verified last: this one costs none.
      await alice(handlers)
      return {
        handlers,
        stop: async () => void other.exec('BEGIN EXCLUSIVE'),
        restart: async () => void other.exec('ROLLBACK'),
      }
    },
  })

  describe(`${driver}`, { skip: skip ?? false }, () => {
    test('a patient request waits until the database is not locked any longer', async (t) => {
      const { other, handlers } = await setUp(t, { patience: 30_000 })
      other.exec('BEGIN EXCLUSIVE')
      const answers = [alice(handlers), alice(handlers, 'wrong'), handlers.isuser(named('isuser', 'alice'))]
      setImmediate(() => other.exec('ROLLBACK'))
      assert.deepEqual(await Promise.all(answers), [true, false, true])
    })

    test('a lock that goes before the deadline is waited for, however long SQLite would wait by itself', async (t) => {
      const { other, handlers } = await setUp(t, { patience: 30_000 }, undefined, 5000)
      other.exec('BEGIN EXCLUSIVE')
      setTimeout(() => other.exec('ROLLBACK'), 100)
      // SQLite keeps timers from being heard: one that is late comes together with this one.
      const deadline = AbortSignal.timeout(3000)
      assert.equal(await handlers.auth(withPassword('auth', 'alice', PASSWORD, deadline)), true)
    })

    test('a locked database is an outage, with the words of SQLite', async (t) => {
      const { other, handlers } = await setUp(t)
      other.exec('BEGIN EXCLUSIVE')
      await assert.rejects(alice(handlers), {
        code: 'ERR_UNAVAILABLE',
        message: /`auth`.*database is locked/,
      })
      other.exec('ROLLBACK')
    })

    const fails = (
      title: string,
      options: Partial<SqlOptions>,
      message: RegExp,
      operation: 'auth' | 'setpass' = 'auth',
    ) =>
      test(`${title} is an error that will be the same next time`, async (t) => {
        const { handlers } = await setUp(t, { patience: 60_000, ...options })
        const ask = async () => handlers[operation](withPassword(operation, 'alice', PASSWORD))
        await assert.rejects(ask, { code: 'ERR_BACKEND', message })
      })

    const auth = (text: string) => ({ auth: `${text} FROM customers WHERE login = :user` })
    fails(
      'a missing table',
      { auth: 'SELECT a FROM b WHERE c = :user' },
      /^`auth` of sql: .*no such table: b/,
    )
    fails('a slip', { auth: 'SELEC :user' }, /^`auth` of sql: .*syntax/)
    fails('a hash that is a number', auth('SELECT 1'), /type number/)
    fails('bytes that are not UTF-8', auth("SELECT x'ff'"), /not UTF-8/)
    fails('no rows', { auth: 'DELETE FROM customers WHERE login = :user' }, /expected rows, got none/)

    test('a statement that changes nothing changes no password', async (t) => {
      const { handlers } = await setUp(t, { setpass: 'SELECT :user, :hash' })
      const answer = Promise.resolve(handlers.setpass(withPassword('setpass', 'alice', 'new')))
      assert.notEqual(await answer.catch(() => 'failed'), true)
    })

    test('each of several passwords is allowed, and no other', async (t) => {
      const { other, handlers } = await setUp(t, {}, 'text')
      for (const password of ['on the phone', 'on the desk'])
        other.exec(`INSERT INTO customers VALUES ('alice', '${cheapHash(password)}')`)
      other.exec("INSERT INTO customers VALUES ('alice', NULL)")
      for (const password of [PASSWORD, 'on the phone', 'on the desk'])
        assert.equal(await alice(handlers, password), true)
      assert.equal(await alice(handlers, 'wrong'), false)
    })

    test('a hash can be bytes, and the first of several columns', async (t) => {
      const { handlers } = await setUp(t, auth('SELECT CAST(password AS blob) AS b, 1 AS "1", 2 AS b'))
      assert.equal(await alice(handlers), true)
      assert.equal(await alice(handlers, 'wrong'), false)
    })

    for (const [title, isuser] of [
      ['EXISTS', 'SELECT EXISTS (SELECT 1 FROM customers WHERE login = :user)'],
      ['COUNT', 'SELECT count(*) FROM customers WHERE login = :user'],
    ] as const) {
      test(`${title} tells who exists`, async (t) => {
        const { handlers } = await setUp(t, { isuser })
        assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
        assert.equal(await handlers.isuser(named('isuser', 'bob')), false)
      })
    }

    test('a name is never a number', async (t) => {
      const { other, handlers } = await setUp(t)
      other.exec("INSERT INTO customers VALUES ('007', 'x')")
      const exists = (user: string) => handlers.isuser(named('isuser', user))
      assert.deepEqual(await Promise.all(['007', '7', '7.0', '0x7'].map(exists)), [true, false, false, false])
    })

    test('a change that returns rows counts them', async (t) => {
      const setpass = 'UPDATE customers SET password = :hash WHERE login = :user RETURNING login'
      const { handlers } = await setUp(t, { setpass })
      assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
      assert.equal(await handlers.setpass(withPassword('setpass', 'bob', 'new')), false)
      assert.equal(await alice(handlers, 'new'), true)
    })

    test('a change of nothing is none, whatever was changed before', async (t) => {
      const { handlers } = await setUp(t)
      for (const [user, changed] of [
        ['alice', true],
        ['bob', false],
        ['alice', true],
      ] as const)
        assert.equal(await handlers.setpass(withPassword('setpass', user, 'new')), changed)
    })

    test('a registration that inserts nothing is allowed only with the same password', async (t) => {
      const tryregister = 'INSERT OR IGNORE INTO customers VALUES (:user, :hash)'
      const { handlers } = await setUp(t, { tryregister })
      const register = (password: string) =>
        handlers.tryregister(withPassword('tryregister', 'bob', password))
      assert.equal(await register('right'), true)
      assert.equal(await register('right'), true)
      assert.equal(await register('other'), false)
    })

    test('a unique index does as well as a primary key', async (t) => {
      const { handlers } = await setUp(t, {}, 'text UNIQUE')
      const register = (password: string) =>
        handlers.tryregister(withPassword('tryregister', 'alice', password))
      assert.equal(await register(PASSWORD), true)
      assert.equal(await register('other'), false)
    })

    test('what another process changes holds at once, and so does a table that was made anew', async (t) => {
      const { other, handlers } = await setUp(t)
      assert.equal(await alice(handlers), true)
      other.exec(`UPDATE customers SET password = '${cheapHash('new')}'`)
      assert.equal(await alice(handlers), false)
      assert.equal(await alice(handlers, 'new'), true)
      other.exec('DROP TABLE customers; CREATE TABLE customers (id integer, password text, login text)')
      assert.equal(await alice(handlers, 'new'), false)
    })

    test('the placeholders are those that SQLite sees', async (t) => {
      const { handlers } = await setUp(t, {
        auth: `SELECT password /* ' :user */ -- :user '
          FROM [customers] WHERE login = :user AND '\\' <> ':user' AND \`login\` <> 'it''s :user' AND "login" <> ''`,
      })
      assert.equal(await alice(handlers), true)
      assert.equal(await handlers.auth(withPassword('auth', 'bob', PASSWORD)), false)
    })

    test('two backends can share a database, which the last of them closes', async (t) => {
      const { pool, handlers } = await setUp(t)
      const other = sql({ pool, ...statements() }) as Required<Handlers>
      await other.close()
      await other.close()
      assert.equal(await alice(handlers), true)
      await handlers.close()
      await assert.rejects(alice(handlers), { code: 'ERR_BACKEND' })
    })
  })
}
