/** The page about the sql backend: its modules on the real databases, with the rights of the page. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import type { Handlers, Operation } from '../../src/handlers.ts'
import { named, PASSWORD, withPassword } from '../backends/contract.ts'
import { blocks, installedFolder, read } from '../helpers/documents.ts'
import { PROGRAM } from '../program/support.ts'
import { startMariadb } from './support/mariadb.ts'
import { startPostgres } from './support/postgres.ts'
import { replaceOnce } from './support/recipes.ts'
import { ALICE_HASH } from './support/sql.ts'

const PAGE = read('docs/sql.md')
const [postgres = '', mysql = '', sqlite = '', ...others] = blocks(PAGE, 'js')
const [rights = '', mysqlRights = '', ...otherRights] = blocks(PAGE, 'sql')
const [shop = ''] = blocks(read('README.md'), 'js').filter((code) => code.includes('sql('))

/** Where an administrator's module lies, with other places in it than the page says. */
async function load(t: TestContext, code: string, places: Readonly<Record<string, string>>) {
  const { folder, remove } = installedFolder(PROGRAM)
  t.after(remove)
  const changed = Object.entries(places).reduce((text, [from, to]) => replaceOnce(text, from, to), code)
  const file = join(folder, 'handlers.mjs')
  writeFileSync(file, changed)
  const { default: handlers } = (await import(pathToFileURL(file).href)) as { default: Required<Handlers> }
  t.after(() => handlers.close())
  return handlers
}

const auth = (handlers: Required<Handlers>, user: string, password: string) =>
  handlers.auth(withPassword('auth', user, password))

/** What each of the modules does with alice, who is in the table. */
async function works(handlers: Required<Handlers>, operations: readonly Operation[]): Promise<void> {
  assert.deepEqual(Object.keys(handlers).sort(), ['close', ...operations].sort())
  assert.equal(await auth(handlers, 'alice', PASSWORD), true)
  assert.equal(await auth(handlers, 'alice', 'wrong'), false)
  assert.equal(await auth(handlers, '\u00e1lice', PASSWORD), false)
  assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
  assert.equal(await handlers.isuser(named('isuser', 'bob')), false)
  if (!operations.includes('setpass')) return
  assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
  assert.equal(await handlers.setpass(withPassword('setpass', '\u00e1lice', 'other')), false)
  assert.equal(await auth(handlers, 'alice', 'new'), true)
  assert.equal(await auth(handlers, 'alice', PASSWORD), false)
}

test('the page has no module and no rights that are not tested', () =>
  assert.deepEqual([...others, ...otherRights], []))

test('PostgreSQL as printed, here and in the README, with the rights as printed', async (t) => {
  const server = await startPostgres()
  t.after(() => server.dispose())
  await server.query(
    'CREATE TABLE customers (login text PRIMARY KEY, password text, active boolean, card text)',
  )
  await server.query('INSERT INTO customers VALUES ($1, $2, true)', ['alice', ALICE_HASH])
  await server.query('INSERT INTO customers VALUES ($1, $2, false)', ['carol', ALICE_HASH])
  await server.query(rights)
  const places = {
    "host: '/var/run/postgresql'": `host: '127.0.0.1', port: ${server.port}`,
    "database: 'shop'": "database: 'postgres'",
  }
  await works(await load(t, shop, places), ['auth', 'isuser'])
  const handlers = await load(t, postgres, places)
  await works(handlers, ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'])
  assert.equal(await auth(handlers, 'carol', PASSWORD), false, 'she is not active')
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'bob', 'of bob')), true)
  assert.equal(await auth(handlers, 'bob', 'of bob'), true)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'bob', 'other')), false)
  assert.equal(await handlers.removeuser(named('removeuser', 'bob')), true)
  assert.equal(await auth(handlers, 'bob', 'of bob'), false)
})

test('MySQL as printed, on MariaDB and with its usual collation, with the rights as printed', async (t) => {
  const server = await startMariadb()
  t.after(() => server.dispose())
  await server.query('CREATE TABLE customers (login varchar(190) PRIMARY KEY, password varchar(200))')
  await server.query('INSERT INTO customers VALUES (?, ?)', ['alice', ALICE_HASH])
  const statements = replaceOnce(mysqlRights, 'shop.', 'test.').trim().split('\n')
  for (const statement of statements) await server.query(statement)
  // The tests may run as anybody, and over TCP.
  await server.query("RENAME USER ejabberd@localhost TO ejabberd@'127.0.0.1'")
  await server.query("ALTER USER ejabberd@'127.0.0.1' IDENTIFIED BY ''")
  const handlers = await load(t, mysql, {
    "socketPath: '/run/mysqld/mysqld.sock'": `host: '127.0.0.1', port: ${server.port}`,
    "database: 'shop'": "database: 'test'",
  })
  await works(handlers, ['auth', 'isuser', 'setpass'])
})

test('SQLite as printed', async (t) => {
  const { folder, remove } = installedFolder(PROGRAM)
  t.after(remove)
  const file = join(folder, 'shop.db')
  const database = new BetterSqlite3(file)
  database.exec('CREATE TABLE customers (login text PRIMARY KEY, password text)')
  database.prepare('INSERT INTO customers VALUES (?, ?)').run('alice', ALICE_HASH)
  database.close()
  await works(await load(t, sqlite, { '/var/lib/shop/shop.db': file }), ['auth', 'isuser'])
})
