/**
 * What ends this process, and what does not.
 *
 * @module
 */
import type { Log, LogLevel } from './log.ts'
import { reasonOfUnknownOrigin } from './reason.ts'

/**
 * Keeps the process alive whatever code that is not ours does: what it throws out of nowhere is logged, and so is what
 * Node or a library warns of, without the message.
 */
export function surviveStrangers(log: Log): void {
  const logAs = (level: LogLevel, event: string) => (error: unknown) =>
    log.write(level, event, { reason: reasonOfUnknownOrigin(error) })
  process.on('uncaughtException', logAs('error', 'uncaught_exception'))
  process.on('unhandledRejection', logAs('error', 'unhandled_rejection'))
  // Node itself would print the message, which may quote a URL with a password in it. It listens unless warnings are
  // not wanted.
  const printer = process.listeners('warning').find(({ name }) => name === 'onWarning')
  if (printer === undefined) return
  process.off('warning', printer).on('warning', logAs('warn', 'process_warning'))
}

/**
 * Makes `process.exit` throw: a handler that calls it, or a library of its, must not end everybody's logins.
 *
 * @returns The real one.
 */
export function keepExit(): (status: number) => never {
  const exit = process.exit.bind(process)
  process.exit = () => {
    throw new Error('process.exit was called by code that does not own this process')
  }
  return exit
}

/** A signal that is aborted by SIGTERM or SIGINT; a second one ends the process at once. */
export function terminationSignal(log: Log): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.write('info', 'terminating', { reason: name })
      controller.abort()
    })
  }
  return controller.signal
}
