/**
 * A connection for one statement.
 *
 * @module
 */

/** A pool, as much of it as it takes to lend a connection. */
export interface Lender<Connection> {
  readonly take: () => Promise<Connection>
  readonly giveBack: (connection: Connection) => void
  /** Ends the connection without a word to the other side, which may not listen, and makes room in the pool. */
  readonly destroy: (connection: Connection) => void
  /** After such an error the connection is not used again. */
  readonly isOutage: (error: unknown) => boolean
}

/**
 * Takes a connection, uses it and gives it back. When the signal is aborted it rejects at once with the signal's
 * reason: a connection in use is destroyed then, and one that is still on its way is given back when it comes.
 */
export async function lend<Connection, Result>(
  { take, giveBack, destroy, isOutage }: Lender<Connection>,
  signal: AbortSignal,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted()
  const connection = await untilAborted(take(), signal, giveBack)
  let reusable = false
  try {
    const result = await untilAborted(use(connection), signal)
    reusable = true
    return result
  } catch (error) {
    reusable = !signal.aborted && !isOutage(error)
    throw error
  } finally {
    if (reusable) giveBack(connection)
    else destroy(connection)
  }
}

function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  whenLate: (value: Value) => void = () => {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason)
      promise.then(whenLate, () => {})
    }
    signal.addEventListener('abort', abort, { once: true })
    const settle = () => signal.removeEventListener('abort', abort)
    promise.then(resolve, reject).finally(settle)
  })
}
