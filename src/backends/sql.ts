/**
 * The backend that asks an SQL database, with statements of the administrator's own.
 *
 * @module
 */
import type { Handlers, PasswordRequest, UserRequest } from '../handlers.ts'
import { checkOptions, milliseconds, optional, type Rule, type Rules, text } from '../option-rules.ts'
import { createChecker } from '../passwords/checker.ts'
import { checkFormats, type PasswordFormats } from '../passwords/formats.ts'
import { createPatience } from './patience.ts'
import { createAsking, hashIn, isThere } from './sql/ask.ts'
import { driverOf, holdPool, type SqlPool } from './sql/pool.ts'
import { parseStatement, type SqlDialect, type Statement, type StatementName } from './sql/statement.ts'

export type { SqlDriver, SqlFault, SqlResult } from './sql/driver.ts'
export type { SqlPool } from './sql/pool.ts'
export type { SqlDialect } from './sql/statement.ts'

/**
 * What `sql` can be told.
 *
 * In the statements `:user`, `:server`, `:jid` (`user@server`) and `:hash` (the hash of a new password) stand for values,
 * which are bound and always texts. Each statement needs `:user` or `:jid`.
 */
export interface SqlOptions {
  /**
   * A pool of `pg`, `mysql2/promise` or `mariadb`, a database of `better-sqlite3` or `node:sqlite`, or an
   * {@link SqlDriver}. It is ended when the last backend that uses it is closed.
   */
  readonly pool: SqlPool
  /**
   * Returns the stored hashes of a user in its first column: no row, or one that is NULL, is nobody; several are
   * several passwords, each of which is allowed.
   */
  readonly auth: string
  /**
   * Returns a row if there is such a user; one that begins with NULL, false or 0 counts as none, so that `EXISTS`
   * and `COUNT` can be asked for, too.
   *
   * @default A row of `auth` whose hash is not NULL.
   */
  readonly isuser?: string
  /** Stores `:hash` for a user: allowed if it changes a row. */
  readonly setpass?: string
  /**
   * Inserts a user with `:hash`. If it inserts nothing, or a unique index says that the user is there, it is allowed
   * only if the user has the same password.
   */
  readonly tryregister?: string
  /** Deletes a user; one that is not there is as good as deleted. */
  readonly removeuser?: string
  /** Which formats of hashes are understood beside those that are safe to recognise, and which one is stored. */
  readonly passwords?: PasswordFormats
  /**
   * For how long, in milliseconds, a database that cannot be asked is tried again within a request, counted from the
   * first request that met it.
   *
   * @default 4000
   */
  readonly patience?: number
}

/**
 * Makes handlers that check passwords against the hashes in an SQL database, and register, change and remove users in it
 * if there are statements for that.
 *
 * Nothing is connected before the first request. Each statement runs alone, on a connection of the pool's, which is
 * destroyed when the request is aborted. If the database cannot be asked, requests fail with an `UnavailableError`; if
 * it says that a statement cannot be run, or returns no text, with a `BackendError`; if a stored hash cannot be verified,
 * with a `HashError`; none of them is ever a wrong password.
 *
 * A password that was verified is remembered in memory, and the hash read each time nevertheless.
 *
 * @example
 * ```ts
 * import { sql } from 'ejabberd-extauth'
 * import pg from 'pg'
 *
 * export default sql({
 *   pool: new pg.Pool({ host: '/var/run/postgresql', database: 'shop', max: 2 }),
 *   auth: 'SELECT password FROM customers WHERE login = :user AND active',
 *   setpass: 'UPDATE customers SET password = :hash WHERE login = :user',
 * })
 * ```
 *
 * @throws {TypeError} If an option is missing or wrong, or a statement lacks a placeholder that it needs.
 */
export function sql(options: SqlOptions): Handlers {
  checkOptions('sql', options, RULES)
  if (options.passwords !== undefined) checkFormats('passwords of sql', options.passwords)
  const driver = driverOf(options.pool)
  const { auth, isuser, setpass, tryregister, removeuser } = parseAll(options, driver.dialect)
  const patiently = createPatience(options.patience)
  const passwords = createChecker(options.passwords)
  const database = createAsking(driver)

  return {
    auth: check,
    isuser: exists,
    ...(setpass && { setpass: async (request) => (await store(setpass, request)) === true }),
    ...(tryregister && {
      // ejabberd repeats a write when a worker dies before it has answered.
      tryregister: async (request) =>
        (await store(tryregister, request)) === true || (await check(request)) === true,
    }),
    ...(removeuser && { removeuser: (request) => remove(removeuser, request) }),
    close: holdPool(options.pool),
  }

  async function check(request: PasswordRequest): Promise<boolean> {
    if (isNobody(request)) return false
    const stored = await patiently(request, () => database.read(auth, request))
    const hashes = stored.map((value) => hashIn(auth, value)).filter((hash) => hash !== undefined)
    return (await passwords.check(hashes, request.password, () => request.signal)) === true
  }

  async function exists(request: UserRequest): Promise<boolean> {
    if (isNobody(request)) return false
    const column = await patiently(request, () => database.read(isuser ?? auth, request))
    return column.some(isuser === undefined ? (value) => value !== null && value !== undefined : isThere)
  }

  async function store(statement: Statement, request: PasswordRequest): Promise<boolean> {
    if (isNobody(request)) return false
    const hash = await passwords.hash(request.password)
    // A write that was reported as failed must not take effect after all.
    request.signal.throwIfAborted()
    const changed = (await patiently(request, () => database.write(statement, request, hash))) === true
    if (changed) passwords.stored(hash, request.password)
    return changed
  }

  async function remove(statement: Statement, request: UserRequest): Promise<true> {
    if (!isNobody(request)) await patiently(request, () => database.write(statement, request))
    return true
  }
}

/** Looked at by those who know what it has to be. */
const unchecked: Rule = { expected: '', isValid: () => true }

const RULES: Rules<SqlOptions> = {
  pool: optional(unchecked),
  auth: text,
  isuser: optional(text),
  setpass: optional(text),
  tryregister: optional(text),
  removeuser: optional(text),
  passwords: optional(unchecked),
  patience: optional(milliseconds),
}

/** Every statement, before anything is connected. */
function parseAll(options: SqlOptions, dialect: SqlDialect) {
  const parse = (name: StatementName, source = options[name]) =>
    source === undefined ? undefined : parseStatement(name, source, dialect)
  return {
    auth: parseStatement('auth', options.auth, dialect),
    isuser: parse('isuser'),
    setpass: parse('setpass'),
    tryregister: parse('tryregister'),
    removeuser: parse('removeuser'),
  }
}

/** PostgreSQL takes no NUL in a text, and ejabberd sends none. */
function isNobody({ user, server }: PasswordRequest | UserRequest): boolean {
  return user.includes('\0') || server.includes('\0')
}
