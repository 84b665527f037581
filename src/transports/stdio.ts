/**
 * Standard input and output as a connection that nothing else in the process can disturb.
 *
 * @module
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { Readable, type Writable } from 'node:stream'
import type { Log } from '../log.ts'
import { reasonOfUnknownOrigin } from '../reason.ts'

/** Standard input and output, taken. */
export interface Stdio {
  readonly input: Readable
  readonly output: Writable
}

/**
 * Takes standard input and output away from everything else in the process: a print in a handler would be read as
 * the answer to somebody's login. From then on `process.stdout` and `console.log` write to standard error, and
 * `process.stdin` is empty.
 *
 * Where standard output is a pipe, as under ejabberd, descriptor 1 itself leads to nowhere afterwards, so that
 * neither a child process that inherits it nor a native library can write into the protocol.
 */
export function takeStdio(): Stdio {
  const input = process.stdin
  const output = takePipe() ?? process.stdout
  Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true })
  Object.defineProperty(process, 'stdout', { value: process.stderr, configurable: true })
  return { input, output }
}

/** Linux only, and only for a pipe of our own user: elsewhere the redefined `process.stdout` has to do. */
function takePipe(): Writable | undefined {
  let descriptor: number | undefined
  try {
    if (!fstatSync(1).isFIFO()) return undefined
    descriptor = openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
    const output = new Socket({ fd: descriptor, readable: false, writable: true })
    closeSync(1)
    openSync('/dev/null', 'w')
    return output
  } catch {
    if (descriptor !== undefined) closeSync(descriptor)
    return undefined
  }
}

/** Keeps the process alive whatever code that is not ours does: what it throws out of nowhere is logged. */
export function surviveStrangers(log: Log): void {
  const logFault = (event: string) => (error: unknown) =>
    log.write('error', event, { reason: reasonOfUnknownOrigin(error) })
  process.on('uncaughtException', logFault('uncaught_exception'))
  process.on('unhandledRejection', logFault('unhandled_rejection'))
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
