/**
 * What the backend asks of a database, whichever driver it is reached through.
 *
 * @module
 */
import type { SqlDialect } from './statement.ts'

/**
 * A database: what a driver that is not recognised is wrapped in.
 *
 * @example
 * ```ts
 * import { type SqlDriver, sql } from 'ejabberd-extauth'
 *
 * // With `const client = postgres(...)` of the package of that name, the rows would come from
 * // client.unsafe(text, values).values().
 * const driver: SqlDriver = {
 *   dialect: 'postgresql',
 *   query: async (_text, _values, { signal }) => {
 *     signal.throwIfAborted()
 *     return { rows: [['$2y$10$...']] }
 *   },
 * }
 * export default sql({ pool: driver, auth: 'SELECT password FROM customers WHERE login = :user' })
 * ```
 */
export interface SqlDriver {
  readonly dialect: SqlDialect
  /**
   * Runs one statement with its values bound, never pasted into the text.
   *
   * @param text The statement, with `$1`, `$2` ... for PostgreSQL and `?` for the others.
   * @param values One for each placeholder, always texts.
   * @param request Its `signal` is aborted when nobody waits any longer: reject then, and let the connection go.
   */
  query(
    text: string,
    values: readonly string[],
    request: { readonly signal: AbortSignal },
  ): SqlResult | Promise<SqlResult>
  /** What an error of `query` means. Without it: network errors are an outage, all others lasting. */
  faultOf?(error: unknown): SqlFault
  /** Called once, by the last backend that uses it. */
  close?(): void | Promise<void>
}

/** What became of a statement. */
export interface SqlResult {
  /** The rows, each the list of its columns; left out if the statement returns none, such as `UPDATE`. */
  readonly rows?: readonly (readonly unknown[])[] | undefined
  /** How many rows were inserted, updated or deleted; left out if the statement can change none, such as `SELECT`. */
  readonly changed?: number | undefined
}

/**
 * What an error means: the database cannot be asked just now (`unavailable`), the row is there already
 * (`duplicate`: a unique index says so), or anything else, which will be the same next time (`lasting`).
 */
export type SqlFault = 'unavailable' | 'duplicate' | 'lasting'

/**
 * Is it a mistake in a program, such as the driver or a type parser that the administrator gave it? Drivers tell of the
 * network and of the database in other errors; this one would be the same next time, but nobody knows what has become
 * of the connection.
 */
export function isMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
}
