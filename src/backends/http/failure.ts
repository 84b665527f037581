/**
 * What it means that a service did not answer, or answered that it cannot.
 *
 * @module
 */
import { BackendError, type ExtauthError, UnavailableError } from '../../errors.ts'
import { reasonOf } from '../../reason.ts'

/** Does the status say that the service may be able to answer in a moment? */
export function isAway(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** What the network says of a service that is away, and may be back in a moment. */
const AWAY = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EADDRNOTAVAIL'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'EMFILE', 'ENFILE'],
])

/** What it means that a request failed before it was answered; `secrets` are not quoted. */
export function failureOf(error: unknown, name: string, ...secrets: (string | undefined)[]): ExtauthError {
  const message = `${name} failed: ${reasonOf(error, ...secrets)}`
  return AWAY.has(codeOf(error) ?? '') ? new UnavailableError(message) : new BackendError(message)
}

/** The code of an error of Node.js. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
