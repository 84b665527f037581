/**
 * SQLite, through a database of `better-sqlite3` or of `node:sqlite`.
 *
 * @module
 */
import type { SqlDriver, SqlFault, SqlResult } from './driver.ts'

/** What is used of a `Database` of `better-sqlite3`. */
export interface BetterSqlite {
  prepare(text: string): BetterStatement
  pragma(source: string): unknown
  close(): unknown
}

interface BetterStatement {
  /** Returns rows. */
  readonly reader: boolean
  readonly readonly: boolean
  raw(): unknown
  all(...values: string[]): unknown[]
  run(...values: string[]): { readonly changes: number }
}

/** What is used of a `DatabaseSync` of `node:sqlite`. */
export interface NodeSqlite {
  prepare(text: string): NodeStatement
  open(): void
  close(): void
}

interface NodeStatement {
  all(...values: string[]): unknown[]
  /** Since Node.js 22.16. */
  setReturnArrays?(enabled: boolean): void
  columns?(): readonly unknown[]
}

/** The database that `better-sqlite3` has opened. */
export function betterSqlite(database: BetterSqlite): SqlDriver {
  const prepare = remember((text) => {
    const statement = database.prepare(text)
    if (statement.reader) statement.raw()
    return statement
  })
  return sqlite(
    (text, values) => {
      const statement = prepare(text)
      if (!statement.reader) return { changed: statement.run(...values).changes }
      const rows = statement.all(...values) as unknown[][]
      return statement.readonly ? { rows } : { rows, changed: rows.length }
    },
    () => database.close(),
  )
}

/** The database that `node:sqlite` has opened. */
export function nodeSqlite(database: NodeSqlite): SqlDriver {
  const prepare = remember((text) => {
    const statement = database.prepare(text)
    // Objects would put a column called 1 before all others.
    statement.setReturnArrays?.(true)
    return statement
  })
  if (prepare('SELECT 1').setReturnArrays === undefined) {
    throw new TypeError(
      'Expected `pool` of sql to be a DatabaseSync of Node.js 22.16 or newer, got an older one',
    )
  }
  // What a statement changed itself is that of the last one that changed anything.
  const changes = () => Number((prepare('SELECT total_changes()').all()[0] as [number])[0])
  return sqlite(
    (text, values) => {
      const statement = prepare(text)
      const before = changes()
      const rows = statement.all(...values) as unknown[][]
      const changed = changes() - before
      return statement.columns?.().length === 0 ? { changed } : { rows, changed }
    },
    () => database.close(),
  )
}

function sqlite(
  query: (text: string, values: readonly string[]) => SqlResult,
  close: () => unknown,
): SqlDriver {
  // While SQLite waits for a lock, no deadline is heard: more than a moment is for patience to wait.
  if (Number(query('PRAGMA busy_timeout', []).rows?.[0]?.[0]) > MOST_BUSY) {
    query(`PRAGMA busy_timeout = ${MOST_BUSY}`, [])
  }
  return {
    dialect: 'sqlite',
    query,
    faultOf,
    close: () => {
      close()
    },
  }
}

/** How long SQLite itself may wait for a lock, in milliseconds; 5000 is the default of `better-sqlite3`. */
const MOST_BUSY = 500

function remember<Statement>(prepare: (text: string) => Statement): (text: string) => Statement {
  const prepared = new Map<string, Statement>()
  return (text) => {
    const known = prepared.get(text) ?? prepare(text)
    prepared.set(text, known)
    return known
  }
}

/** Result codes (sqlite.org/rescode.html): of the extended ones the lower eight bits are the primary one. */
const PASSING: ReadonlyMap<number, string> = new Map([
  [5, 'SQLITE_BUSY'],
  [6, 'SQLITE_LOCKED'],
  [10, 'SQLITE_IOERR'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [15, 'SQLITE_PROTOCOL'],
])
const UNIQUE = /^SQLITE_CONSTRAINT_(?:UNIQUE|PRIMARYKEY)$/
const UNIQUE_CODES: readonly unknown[] = [2067, 1555]

/** `better-sqlite3` gives the name of the code, `node:sqlite` its number. */
function faultOf(error: unknown): SqlFault {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (UNIQUE.test(String(code)) || UNIQUE_CODES.includes(errcode)) return 'duplicate'
  const isPassing =
    typeof errcode === 'number'
      ? PASSING.has(errcode & 0xff)
      : [...PASSING.values()].some((name) => String(code).startsWith(name))
  return isPassing ? 'unavailable' : 'lasting'
}
