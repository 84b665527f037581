/**
 * PostgreSQL through a pool of `pg`.
 *
 * @module
 */
import { isMistake, type SqlDriver, type SqlFault, type SqlResult } from './driver.ts'
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
  query(config: QueryConfig, values: string[]): Promise<PostgresResult>
  release(destroy?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

interface QueryConfig {
  text: string
  rowMode: 'array'
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
  const hear = hearer()
  const configs = new Map<string, QueryConfig>()
  const lender: Lender<PostgresClient> = {
    take: () => pool.connect(),
    giveBack: (client) => client.release(),
    destroy: (client) => client.release(true),
    isBroken: (error) => isMistake(error) || faultOf(error) === 'unavailable',
  }
  return {
    dialect: 'postgresql',
    query: (text, values, request) => {
      const config = configs.get(text) ?? { text, rowMode: 'array' }
      configs.set(text, config)
      return lend(lender, request, (client) => {
        hear(client)
        // Its own properties are copied for each query, which is slow: it has none.
        return client.query(Object.create(config), values as string[])
      }).then(resultOf)
    },
    faultOf,
    close: async () => {
      if (!pool.ending) await pool.end()
    },
  }
}

/** How long it may take to connect, in milliseconds, if the pool does not say. */
const CONNECT = 3000

/** The same for a connection that is lost while it is in use: the query fails with the error as well. */
function hearer(): (client: PostgresClient) => void {
  const heard = new WeakSet<PostgresClient>()
  return (client) => {
    if (heard.has(client)) return
    heard.add(client)
    client.on('error', ignore)
  }
}

function ignore(): void {}

function resultOf({ command, rowCount, fields, rows }: PostgresResult): SqlResult {
  return {
    rows: fields.length > 0 ? rows : undefined,
    // That of SELECT tells the rows it returns.
    changed: command === 'SELECT' || rowCount === null ? undefined : rowCount,
  }
}

/**
 * Classes and codes of PostgreSQL's appendix A: connection, rollback (deadlock), resources, intervention (shutdown,
 * timeout); a standby, as after a failover; a lock that was not available in time.
 */
const PASSING = /^(?:08|40|53|57)|^(?:25006|55P03)$/
const UNIQUE_VIOLATION = '23505'

function faultOf(error: unknown): SqlFault {
  if (isMistake(error)) return 'lasting'
  // Only what the server says has a severity: the rest is the network's or the pool's.
  if (!(error instanceof Error && 'severity' in error && 'code' in error)) return 'unavailable'
  if (error.code === UNIQUE_VIOLATION) return 'duplicate'
  return PASSING.test(String(error.code)) ? 'unavailable' : 'lasting'
}
