/**
 * Connections that are kept for the next request, and made anew when they are lost.
 *
 * @module
 */
import type { Client } from 'ldapts'
import { BackendError, UnavailableError } from '../../errors.ts'
import type { Cause, Connection } from './connection.ts'
import { UntrustedError } from './failure.ts'
import type { ServerOrder } from './server-order.ts'
import type { Settings } from './settings.ts'

/** What is done on a connection. */
type Work<Result> = (client: Client) => Promise<Result>

/** Connections of one kind. */
export interface Connections {
  /** Does some work on a connection that nobody else has meanwhile. */
  use<Result>(cause: Cause, work: Work<Result>): Promise<Result>
  /** Ends those that nobody uses, and the others when they are given back. */
  close(): void
}

/** So many are kept at most when they are not used. */
const MOST_IDLE = 4

/**
 * Makes connections to whichever server can be reached; `prepare` is the first thing done on each of them.
 *
 * A server may end a connection that was idle, and a firewall may forget it: what fails on a connection that was kept is
 * tried on a new one at once.
 */
export function createConnections(
  load: () => Promise<typeof import('ldapts')>,
  settings: Settings,
  servers: ServerOrder,
  prepare: (client: Client, server: string) => Promise<void>,
): Connections {
  const idle: Connection[] = []
  let isClosed = false

  return { use, close }

  async function use<Result>(cause: Cause, work: Work<Result>): Promise<Result> {
    cause.signal.throwIfAborted()
    const kept = takeIdle()
    if (kept !== undefined) {
      try {
        return await workOn(kept, cause, work)
      } catch (error) {
        if (cause.signal.aborted || !(error instanceof UnavailableError)) throw error
      }
    }
    return workOn(await open(cause), cause, work)
  }

  async function workOn<Result>(connection: Connection, cause: Cause, work: Work<Result>): Promise<Result> {
    try {
      const result = await connection.run(cause, settings.timeout, work)
      keep(connection)
      return result
    } catch (error) {
      if (error instanceof UnavailableError && !connection.isCut) servers.failed(connection.server)
      throw error
    }
  }

  /** A connection to the first server that can be reached. */
  async function open(cause: Cause): Promise<Connection> {
    const { Client } = await load()
    // Not before it is needed: TLS takes a while to load, and a worker is to start soon.
    const { Connection } = await import('./connection.ts')
    const failures: Error[] = []
    for (const server of servers.current()) {
      try {
        return await connect(new Connection(Client, server, settings), cause)
      } catch (error) {
        if (!(error instanceof UnavailableError || error instanceof UntrustedError)) throw error
        failures.push(error)
        servers.failed(server)
      }
    }
    const message = failures.map((failure) => failure.message).join('; ')
    const isHopeless = failures.every((failure) => failure instanceof UntrustedError)
    throw isHopeless ? new BackendError(message) : new UnavailableError(message)
  }

  async function connect(connection: Connection, cause: Cause): Promise<Connection> {
    await connection.run(cause, settings.connectTimeout, async (client) => {
      await connection.open()
      await prepare(client, connection.server)
    })
    return connection
  }

  function takeIdle(): Connection | undefined {
    let connection = idle.pop()
    while (connection?.isLost) connection = idle.pop()
    return connection
  }

  function keep(connection: Connection): void {
    if (isClosed || idle.length >= MOST_IDLE) connection.unbind()
    else idle.push(connection)
  }

  function close(): void {
    isClosed = true
    for (const connection of idle.splice(0)) connection.unbind()
  }
}
