/**
 * MySQL and MariaDB, through a pool of `mysql2` or of `mariadb`.
 *
 * @module
 */
import { isMistake, type SqlDriver, type SqlFault, type SqlResult } from './driver.ts'
import { type Lender, lend } from './lend.ts'

/** What is used of a pool of `mysql2/promise`. */
export interface Mysql2Pool {
  readonly pool: object
  getConnection(): Promise<MysqlConnection>
  end(): Promise<unknown>
}

/** What is used of a pool of `mariadb`. */
export interface MariadbPool {
  readonly closed: boolean
  taskQueueSize(): number
  getConnection(): Promise<MysqlConnection>
  end(): Promise<unknown>
}

interface MysqlConnection {
  execute(statement: { sql: string; rowsAsArray: boolean }, values: string[]): Promise<unknown>
  release(): unknown
  destroy(): void
}

/** The database behind a pool of `mysql2/promise`, which answers with the result and its columns. */
export function mysql2(pool: Mysql2Pool): SqlDriver {
  return mysql(
    pool,
    (answer) => (answer as unknown[])[0],
    () => pool.end(),
  )
}

/** The database behind a pool of `mariadb`. */
export function mariadb(pool: MariadbPool): SqlDriver {
  return mysql(
    pool,
    (answer) => answer,
    async () => {
      if (!pool.closed) await pool.end()
    },
  )
}

function mysql(
  pool: { getConnection(): Promise<MysqlConnection> },
  resultIn: (answer: unknown) => unknown,
  close: () => Promise<unknown>,
): SqlDriver {
  const lender: Lender<MysqlConnection> = {
    take: () => pool.getConnection(),
    giveBack: (connection) => {
      // That of mariadb ends a transaction first, which can fail; then the pool destroys it.
      Promise.resolve(connection.release()).catch(() => {})
    },
    destroy: (connection) => connection.destroy(),
    isBroken: (error) => isMistake(error) || faultOf(error) === 'unavailable',
  }
  return {
    dialect: 'mysql',
    // Only `execute` binds values; `query` pastes them into the text.
    query: (text, values, request) =>
      lend(lender, request, (connection) =>
        connection.execute({ ...OPTIONS, sql: text }, values as string[]),
      ).then((answer) => resultOf(resultIn(answer)), rethrow),
    faultOf,
    close: async () => {
      await close()
    },
  }
}

/** What a pool may have been told otherwise. */
const OPTIONS = { rowsAsArray: true, namedPlaceholders: false, nestTables: false, metaAsArray: false }

function resultOf(result: unknown): SqlResult {
  if (!Array.isArray(result)) return { changed: Number((result as { affectedRows: number }).affectedRows) }
  // A procedure answers with several results, and at last with what it changed.
  const rows: unknown[] = result.every(Array.isArray) ? result : result[0]
  return { rows: rows as unknown[][] }
}

/** The driver mariadb adds the whole statement to what the server says, and there may be a key in it. */
function rethrow(error: unknown): never {
  if (error instanceof Error && 'sqlMessage' in error && typeof error.sqlMessage === 'string') {
    error.message = error.sqlMessage
  }
  throw error
}

/** What the server says is numbered below, what the drivers say from here up, or not at all. */
const FIRST_OF_DRIVER = 45_000
const DUPLICATE_ENTRY = 1062

/** Numbers whose SQLSTATE does not tell that they pass: see the constants of the server's error reference. */
const PASSING: ReadonlySet<number> = new Set([
  1040, // ER_CON_COUNT_ERROR
  1053, // ER_SERVER_SHUTDOWN
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1205, // ER_LOCK_WAIT_TIMEOUT
  1213, // ER_LOCK_DEADLOCK
  1226, // ER_USER_LIMIT_REACHED
  1290, // ER_OPTION_PREVENTS_STATEMENT: read-only, as after a failover
  1317, // ER_QUERY_INTERRUPTED
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1836, // ER_READ_ONLY_MODE
  1927, // ER_CONNECTION_KILLED
  1969, // ER_STATEMENT_TIMEOUT of MariaDB
  3024, // ER_QUERY_TIMEOUT of MySQL
])

function faultOf(error: unknown): SqlFault {
  if (isMistake(error)) return 'lasting'
  const { errno, sqlState } = error as { errno?: unknown; sqlState?: unknown }
  if (typeof errno !== 'number' || errno <= 0 || errno >= FIRST_OF_DRIVER) return 'unavailable'
  if (errno === DUPLICATE_ENTRY) return 'duplicate'
  return PASSING.has(errno) || /^(?:08|40)/.test(String(sqlState)) ? 'unavailable' : 'lasting'
}
