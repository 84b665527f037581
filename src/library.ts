/**
 * The program as a function, for a program of one's own.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import type { Handlers } from './handlers.ts'
import { checkHandlers } from './handlers-check.ts'
import { leave } from './leave.ts'
import { createLog, LOG_LEVELS, type Log, type LogLevel } from './log.ts'
import { streamOutput } from './log-output.ts'
import { keepExit, surviveStrangers, terminationSignal } from './process.ts'
import { reasonOf } from './reason.ts'
import { serveConnection } from './serve.ts'
import { isTerminal, takeStdio } from './transports/stdio.ts'

/** How {@link serve} serves. */
export interface ServeOptions {
  /**
   * Where frames come from and replies go. @default standard input and output: then the process is served, too:
   * prints go to standard error, stray exceptions are survived, SIGTERM ends it, SIGHUP does not, and it exits when all
   * is done.
   */
  readonly streams?: { readonly input: Readable; readonly output: Writable }
  /** The deadline of a request, in milliseconds, below the 30 000 that ejabberd waits. @default 5000 */
  readonly timeout?: number
  /** Answer nothing but yes and no, for MongooseIM and for ejabberd before 18.06. @default false */
  readonly strict?: boolean
  /** How much is logged. @default 'info' */
  readonly logLevel?: LogLevel
  /** Where log lines go, each with its line end. @default standard error */
  readonly writeLog?: (line: string) => void
  /** When aborted, no more input is read; the request in hand is finished. */
  readonly signal?: AbortSignal
}

/**
 * Answers ejabberd with your handlers, until the input ends.
 *
 * Call it first: what your program throws before it serves ends it, and a program that ends soon after its start harms
 * the whole ejabberd. What is wrong with the handlers is logged, and every request fails, for that reason.
 *
 * @throws {HandlersError} If the handlers are none and there are `streams`.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { serve } from 'ejabberd-extauth'
 *
 * await serve({ auth: ({ user, password }) => user === 'alice' && password === 'correct horse' })
 * ```
 */
export async function serve(handlers: Handlers, options: ServeOptions = {}): Promise<void> {
  const { timeout = 5000, strict = false, logLevel = 'info', streams } = options
  if (!(timeout > 0 && timeout < 30_000)) {
    throw new RangeError(`Expected \`timeout\` to be more than 0 and less than 30000 ms, got \`${timeout}\``)
  }
  if (!LOG_LEVELS.includes(logLevel)) {
    throw new RangeError(`Expected \`logLevel\` to be one of ${LOG_LEVELS.join(', ')}, got \`${logLevel}\``)
  }
  const log = createLog(options.writeLog ?? streamOutput(process.stderr).writeLine, logLevel)
  const connection = { timeout, strict, log, close: () => handlers?.close?.() }
  if (streams !== undefined) {
    const checked = checkHandlers(handlers)
    return serveConnection({ ...connection, ...streams, handlers: () => checked, signal: options.signal })
  }

  if (isTerminal()) throw new Error('Expected ejabberd at standard input, got a terminal')
  const stdio = takeStdio()
  const exit = keepExit()
  surviveStrangers(log)
  process.on('SIGHUP', () => log.write('info', 'nothing_to_reload', { reason: 'SIGHUP' }))
  const ends = [terminationSignal(log), options.signal].filter((signal) => signal !== undefined)
  const source = sourceOf(handlers, log)
  await serveConnection({ ...connection, ...stdio, handlers: source, signal: AbortSignal.any(ends) })
  leave(exit, 0)
}

/** Handlers that are none must not end the process any more than those of a module that does not load. */
function sourceOf(handlers: Handlers, log: Log): () => Handlers {
  try {
    const checked = checkHandlers(handlers)
    return () => checked
  } catch (error) {
    log.write('error', 'handlers_not_loaded', { reason: reasonOf(error) })
    return () => {
      throw error
    }
  }
}
