/**
 * A request's statement: values bound, the answer understood, and every error turned into one of this package's.
 *
 * @module
 */
import { BackendError, ExtauthError, UnavailableError } from '../../errors.ts'
import { reasonOf, typeName } from '../../reason.ts'
import type { SqlDriver, SqlFault, SqlResult } from './driver.ts'
import type { Parameter, Statement } from './statement.ts'

/** Whom a statement is about, and until when its answer counts. */
interface Asker {
  readonly user: string
  readonly server: string
  readonly signal: AbortSignal
}

/** Runs statements on a database. Both reject with an `UnavailableError`, a `BackendError` or the signal's reason. */
export interface Asking {
  /** The first column of each row. */
  read(statement: Statement, asker: Asker): Promise<unknown[]>
  /** Has it changed anything? A registration that meets a row that is there already has not. */
  write(statement: Statement, asker: Asker, hash?: string): Promise<boolean>
}

/** Makes that for one database. */
export function createAsking(driver: SqlDriver): Asking {
  return {
    read: async (statement, asker) => {
      const { rows } = await run(statement, asker)
      if (rows === undefined) throw unusable(statement, 'expected rows, got none: is it a SELECT?')
      return rows.map(([first]) => first)
    },
    write: async (statement, asker, hash) => hasChanged(statement, await run(statement, asker, hash)),
  }

  async function run(statement: Statement, asker: Asker, hash?: string): Promise<SqlResult> {
    try {
      return await driver.query(statement.text, bind(statement.parameters, asker, hash), asker)
    } catch (error) {
      if (asker.signal.aborted) throw asker.signal.reason
      // What a driver of the administrator's says is what it means.
      if (error instanceof ExtauthError) throw error
      const fault = driver.faultOf?.(error) ?? faultOfNetwork(error)
      if (fault === 'duplicate' && statement.name === 'tryregister') return { changed: 0 }
      const reason = reasonOf(error, hash)
      if (fault !== 'unavailable') throw unusable(statement, reason)
      throw new UnavailableError(`the database of sql cannot be asked for \`${statement.name}\`: ${reason}`)
    }
  }
}

/** The text of a stored hash; `undefined` if there is none. */
export function hashIn(statement: Statement, value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return decode(statement, value)
  throw unusable(statement, `expected a text in the first column, got a value of type ${typeName(value)}`)
}

/** Does the first column say that there is one? `EXISTS` and `COUNT` always return a row. */
export function isThere(value: unknown): boolean {
  return ![null, undefined, false, 0, 0n, '0'].includes(value as null)
}

function bind(parameters: readonly Parameter[], { user, server }: Asker, hash = ''): string[] {
  const values = { user, server, jid: `${user}@${server}`, hash }
  return parameters.map((parameter) => values[parameter])
}

function hasChanged(statement: Statement, { rows, changed }: SqlResult): boolean {
  if (changed !== undefined) return changed > 0
  // A function that is called with SELECT can say whether it did what it was called for.
  const answer = rows?.length === 1 ? rows[0]?.[0] : undefined
  if (typeof answer === 'boolean') return answer
  throw unusable(statement, 'expected it to change rows, or to return one true or false')
}

function decode(statement: Statement, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw unusable(statement, 'expected a text in the first column, got bytes that are not UTF-8')
  }
}

function unusable({ name }: Statement, reason: string): BackendError {
  return new BackendError(`\`${name}\` of sql: ${reason}`)
}

/** For a driver that does not tell. Node.js gives errors of the network a name such as ECONNREFUSED and a `syscall`. */
function faultOfNetwork(error: unknown): SqlFault {
  const isNetwork = error instanceof Error && 'syscall' in error
  return isNetwork ? 'unavailable' : 'lasting'
}
