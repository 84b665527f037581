/**
 * PostgreSQL through a pool of `pg`.
 *
 * @module
 */
import type { SqlDriver, SqlFault, SqlResult } from './driver.ts'
import { type Lender, lend } from './lend.ts'

/** What is used of a `pg.Pool`. */
export interface PostgresPool {
  readonly options: { connectionTimeoutMillis?: number | undefined }
  readonly totalCount: number
  readonly ending: boolean
  connect(): Promise<PostgresClient>
  on(event: 'error', listener: (error: Error) => void): unknown
  end(): Promise<void>
}

interface PostgresClient {
  query(statement: { text: string; values: unknown[]; rowMode: 'array' }): Promise<PostgresResult>
  release(destroy?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

interface PostgresResult {
  readonly command: string
  readonly rowCount: number | null
  readonly fields: readonly unknown[]
  readonly rows: unknown[][]
}

/** The database behind a pool of `pg`. */
export function postgres(pool: PostgresPool): SqlDriver {
  // While it connects, a client cannot be let go of: without a limit a silent host would keep its place for ever.
  pool.options.connectionTimeoutMillis ||= CONNECT
  // An idle connection that is lost is replaced; unheard, its error would end the process.
  pool.on('error', ignore)
  const lender: Lender<PostgresClient> = {
    take: async () => {
      const client = await pool.connect()
      client.on('error', ignore)
      return client
    },
    giveBack: (client) => release(client, false),
    destroy: (client) => release(client, true),
    isOutage: (error) => faultOf(error) === 'unavailable',
  }
  return {
    dialect: 'postgresql',
    query: (text, values, { signal }) =>
      lend(lender, signal, async (client) =>
        resultOf(await client.query({ text, values: [...values], rowMode: 'array' })),
      ),
    faultOf,
    close: async () => {
      if (!pool.ending) await pool.end()
    },
  }
}

/** How long it may take to connect, in milliseconds, if the pool does not say. */
const CONNECT = 3000

function ignore(): void {}

function release(client: PostgresClient, destroy: boolean): void {
  client.removeListener('error', ignore)
  client.release(destroy)
}

function resultOf({ command, rowCount, fields, rows }: PostgresResult): SqlResult {
  return {
    ...(fields.length > 0 && { rows }),
    // That of SELECT tells the rows it returns.
    ...(command !== 'SELECT' && rowCount !== null && { changed: rowCount }),
  }
}

/**
 * Classes and codes of PostgreSQL's appendix A: connection, rollback (deadlock), resources, intervention (shutdown,
 * timeout); a standby, as after a failover; a lock that was not available in time.
 */
const PASSING = /^(?:08|40|53|57)|^(?:25006|55P03)$/
const UNIQUE_VIOLATION = '23505'

function faultOf(error: unknown): SqlFault {
  // Only what the server says has a severity: the rest is the network's or the pool's.
  if (!(error instanceof Error && 'severity' in error && 'code' in error)) return 'unavailable'
  if (error.code === UNIQUE_VIOLATION) return 'duplicate'
  return PASSING.test(String(error.code)) ? 'unavailable' : 'lasting'
}
