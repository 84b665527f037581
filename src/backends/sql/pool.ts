/**
 * The pool that the administrator passes in: recognised by what it can do, without a look at any driver's package.
 *
 * @module
 */
import { hold } from '../../hold.ts'
import { typeName } from '../../reason.ts'
import type { SqlDriver } from './driver.ts'
import { type MariadbPool, type Mysql2Pool, mariadb, mysql2 } from './mysql.ts'
import { type PostgresPool, postgres } from './postgres.ts'
import { type BetterSqlite, betterSqlite, type NodeSqlite, nodeSqlite } from './sqlite.ts'

/** What can be passed in: a pool of `pg`, `mysql2/promise` or `mariadb`, or a database of SQLite. */
export type SqlPool = PostgresPool | Mysql2Pool | MariadbPool | BetterSqlite | NodeSqlite | SqlDriver

/** One driver for a pool, however many backends use it. */
const drivers = new WeakMap<object, SqlDriver>()

/**
 * The driver for a pool.
 *
 * @throws {TypeError} If it is nothing that is known here; says what it is taken for, and never shows it.
 */
export function driverOf(pool: SqlPool): SqlDriver {
  const driver = drivers.get(pool) ?? driverFor(pool)
  drivers.set(pool, driver)
  return driver
}

/** Notes that a backend uses a pool; the function it returns ends the pool, if no other backend uses it any longer. */
export function holdPool(pool: SqlPool): () => Promise<void> {
  return hold(pool, () => driverOf(pool).close?.())
}

function driverFor(pool: unknown): SqlDriver {
  const kind = KINDS.find(({ is }) => is(pool))
  if (kind !== undefined) return kind.driver(pool as never)
  const expected = 'a pool of pg, mysql2/promise or mariadb, or a database of better-sqlite3 or node:sqlite'
  throw new TypeError(`Expected \`pool\` of sql to be ${expected}, got ${mistakenFor(pool)}`)
}

const KINDS: readonly { is: (pool: unknown) => boolean; driver: (pool: never) => SqlDriver }[] = [
  { is: isDriver, driver: (driver: SqlDriver) => driver },
  { is: (pool) => can(pool, 'connect', 'query', 'end', 'on') && 'totalCount' in pool, driver: postgres },
  { is: (pool) => lendsPromised(pool) && 'pool' in pool, driver: mysql2 },
  { is: (pool) => lendsPromised(pool) && can(pool, 'taskQueueSize'), driver: mariadb },
  { is: (pool) => can(pool, 'prepare', 'pragma', 'close'), driver: betterSqlite },
  // The package sqlite3, which takes callbacks, has `all` beside `prepare`.
  { is: (pool) => can(pool, 'prepare', 'open', 'close') && !can(pool, 'all'), driver: nodeSqlite },
]

function isDriver(pool: unknown): boolean {
  return can(pool, 'query') && DIALECTS.includes(pool['dialect'])
}

const DIALECTS: readonly unknown[] = ['postgresql', 'mysql', 'sqlite']

/** Does it lend connections, and promise them rather than call back? */
function lendsPromised(pool: unknown): pool is Readonly<Record<string, unknown>> {
  return can(pool, 'getConnection', 'execute', 'end') && (pool['getConnection'] as () => void).length === 0
}

function can(value: unknown, ...methods: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
}

/** A connection string holds a password: of a text only its length is told. */
function mistakenFor(pool: unknown): string {
  if (pool === undefined) return 'nothing'
  if (typeof pool === 'string') return `a text of ${pool.length} characters: pass in a pool made with it`
  if (can(pool, 'then')) return 'a promise: await it'
  if (can(pool, 'getConnection')) return 'a pool with callbacks: make it with mysql2/promise, or with mariadb'
  if (can(pool, 'connect', 'query', 'end')) return 'a single connection: pass in a pool, such as a pg.Pool'
  if (can(pool, 'execute', 'end')) return 'a single connection: pass in a pool'
  return `a value of type ${typeName(pool)}`
}
