/**
 * What it means that a service did not answer, or answered that it cannot.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import { BackendError, type ExtauthError, UnavailableError } from '../../errors.ts'
import { reasonOf } from '../../reason.ts'

/** Does the status say that the service may be able to answer in a moment? */
export function isAway(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/**
 * The error for an answer with such a status. A service that has had too many requests is not asked again: each of them
 * would be one more, with the password in it.
 */
export function awayError(message: string, status: number, headers: IncomingHttpHeaders): UnavailableError {
  const wait = retryAfterOf(headers)
  const hint = wait === undefined ? '' : `, to be asked again in ${Math.ceil(wait / 1000)} s`
  return new UnavailableError(message + hint, {
    retryAfter: status === 429 ? Number.POSITIVE_INFINITY : (wait ?? 0),
  })
}

/** In milliseconds (RFC 9110, section 10.2.3: so many seconds, or a date). */
function retryAfterOf({ 'retry-after': value = '' }: IncomingHttpHeaders): number | undefined {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = value.endsWith(' GMT') ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
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
