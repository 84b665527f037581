/**
 * A connection for one statement.
 *
 * @module
 */

import type { Request } from '../../handlers.ts'
import { onAbort } from '../../incoming-request.ts'

/** A pool, as much of it as it takes to lend a connection. */
export interface Lender<Connection> {
  readonly take: () => Promise<Connection>
  readonly giveBack: (connection: Connection) => void
  /** Ends the connection without a word to the other side, which may not listen, and makes room in the pool. */
  readonly destroy: (connection: Connection) => void
  /** After such an error the connection is not used again. */
  readonly isBroken: (error: unknown) => boolean
}

/**
 * Takes a connection, uses it and gives it back. When the request is given up it rejects at once with the reason: a
 * connection in use is destroyed then, and one that is still on its way is given back when it comes.
 */
export function lend<Connection, Result>(
  { take, giveBack, destroy, isBroken }: Lender<Connection>,
  request: Pick<Request, 'signal'>,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  // One promise and one listener: each more is felt beside a query that takes a tenth of a millisecond.
  return new Promise((resolve, reject) => {
    let lent: Connection | undefined
    let abandoned = false
    const stop = onAbort(request, (reason) => {
      abandoned = true
      reject(reason)
      if (lent !== undefined) destroy(lent)
    })
    if (!abandoned) run().then(resolve, reject)

    async function run(): Promise<Result> {
      try {
        const connection = await take()
        if (abandoned) {
          giveBack(connection)
          throw new Error('nobody waits for it any more')
        }
        lent = connection
        const result = await use(connection)
        if (!abandoned) giveBack(connection)
        return result
      } catch (error) {
        if (lent !== undefined && !abandoned) (isBroken(error) ? destroy : giveBack)(lent)
        throw error
      } finally {
        stop()
      }
    }
  })
}
