/**
 * What the operating system says about the store, in words.
 *
 * @module
 */

import { getSystemErrorMap } from 'node:util'
import { StoreError } from '../errors.ts'

/**
 * Runs an access to the store and turns an error of the operating system into a `StoreError`. `what` continues
 * "Expected to be able to".
 */
export async function reporting<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    throw asStoreError(error, what)
  }
}

/** The same for an access that does not wait. */
export function reportingSync<Result>(what: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw asStoreError(error, what)
  }
}

/** Was that an error of the operating system, with one of these codes? */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** Turns an error of the operating system into a `StoreError`, and leaves any other as it is. */
export function asStoreError(error: unknown, what: string): unknown {
  if (!isSystemError(error)) return error
  const [, text = 'unknown error'] = getSystemErrorMap().get(error.errno ?? 0) ?? []
  const place = error.path === undefined ? '' : ` at ${error.path}`
  const cure = hasCode(error, 'EACCES', 'EPERM')
    ? `; this is uid ${process.geteuid?.()}: is the owner of the store the user of ejabberd?`
    : ''
  const message = `Expected to be able to ${what}, got ${error.code} (${text})${place}${cure}`
  return new StoreError(message, { cause: error })
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error
}
