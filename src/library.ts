/**
 * The program as a function, for a program of one's own.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import type { Handlers } from './handlers.ts'
import { checkHandlers } from './handlers-module.ts'
import { createLog, LOG_LEVELS, type LogLevel } from './log.ts'
import { streamOutput } from './log-output.ts'
import { serveConnection } from './serve.ts'
import { keepExit, surviveStrangers, takeStdio, terminationSignal } from './transports/stdio.ts'

/** How {@link serve} serves. */
export interface ServeOptions {
  /**
   * Where frames come from and replies go. @default standard input and output: then the process is served, too:
   * prints go to standard error, stray exceptions are survived, SIGTERM ends it, and it exits when all is done.
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
 * Call it first and open databases in the handlers, or from `close` and back: a program that throws before it
 * serves ends, and one that ends soon after its start harms the whole ejabberd.
 *
 * @throws {HandlersError} If the handlers are none.
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
  const checked = checkHandlers(handlers)
  const log = createLog(options.writeLog ?? streamOutput(process.stderr).writeLine, logLevel)
  const connection = { handlers: () => checked, timeout, strict, log, close: () => checked.close?.() }
  if (streams !== undefined) return serveConnection({ ...connection, ...streams, signal: options.signal })

  const stdio = takeStdio()
  const exit = keepExit()
  surviveStrangers(log)
  const ends = [terminationSignal(log), options.signal].filter((signal) => signal !== undefined)
  await serveConnection({ ...connection, ...stdio, signal: AbortSignal.any(ends) })
  exit(0)
}
