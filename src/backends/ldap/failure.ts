/**
 * What a directory answers beside yes, and what becomes of it.
 *
 * @module
 */
import { BackendError, ExtauthError, UnavailableError } from '../../errors.ts'
import { reasonOf } from '../../reason.ts'

/** The server could not prove who it is, or speaks no TLS: another one may. */
export class UntrustedError extends BackendError {
  override get name(): string {
    return 'BackendError'
  }
}

// The result codes of RFC 4511, appendix A.2, that mean something here.
const OPERATIONS_ERROR = 1
const TIME_LIMIT_EXCEEDED = 3
const SIZE_LIMIT_EXCEEDED = 4
const STRONGER_AUTH_REQUIRED = 8
const REFERRAL = 10
const CONFIDENTIALITY_REQUIRED = 13
const CONSTRAINT_VIOLATION = 19
const NO_SUCH_OBJECT = 32
const INAPPROPRIATE_AUTHENTICATION = 48
const INVALID_CREDENTIALS = 49
const INSUFFICIENT_ACCESS_RIGHTS = 50
const BUSY = 51
const UNAVAILABLE = 52
const UNWILLING_TO_PERFORM = 53

const PASSING = [TIME_LIMIT_EXCEEDED, BUSY, UNAVAILABLE]

const HINTS: Readonly<Record<number, string>> = {
  [OPERATIONS_ERROR]: 'some servers want `bindDn` before a search',
  [SIZE_LIMIT_EXCEEDED]: 'the filter finds more entries than the server hands out',
  [STRONGER_AUTH_REQUIRED]: 'use ldaps:// or `startTls`',
  [REFERRAL]: 'it refers to another server, and referrals are not followed: name that one in `url`',
  [CONFIDENTIALITY_REQUIRED]: 'use ldaps:// or `startTls`',
  [NO_SUCH_OBJECT]: 'is `base` right, and may `bindDn` see it?',
  [INSUFFICIENT_ACCESS_RIGHTS]: 'the account of `bindDn` has not got that right',
}

/** The number of the server's answer; `undefined` for what went wrong on the way. */
function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

/** Has the server said so, or have we? */
export function isAnswer(error: unknown): boolean {
  return error instanceof ExtauthError || resultCodeOf(error) !== undefined
}

/** Does this answer to a bind say that the login is not allowed: wrong, locked, expired, disabled, no password? */
export function isRefusedLogin(error: unknown): boolean {
  return [
    CONSTRAINT_VIOLATION,
    NO_SUCH_OBJECT,
    INAPPROPRIATE_AUTHENTICATION,
    INVALID_CREDENTIALS,
    UNWILLING_TO_PERFORM,
  ].includes(resultCodeOf(error) ?? -1)
}

/** Does this answer say that the new password does not please the server, or that the entry is gone? */
export function isRefusedChange(error: unknown): boolean {
  return [CONSTRAINT_VIOLATION, NO_SUCH_OBJECT].includes(resultCodeOf(error) ?? -1)
}

/** Does this answer say that there is no entry of this name? */
export function isNoSuchObject(error: unknown): boolean {
  return resultCodeOf(error) === NO_SUCH_OBJECT
}

/** The error for whatever went wrong with a server; it quotes none of the secrets. */
export function failureOf(error: unknown, server: string, secrets: readonly (string | undefined)[]): Error {
  if (error instanceof ExtauthError) return error
  const reason = reasonOf(error, ...secrets)
  const code = resultCodeOf(error)
  if (code === undefined || PASSING.includes(code)) return new UnavailableError(`${server}: ${reason}`)
  const hint = HINTS[code]
  return new BackendError(`${server}: ${reason}${hint === undefined ? '' : ` (${hint})`}`)
}
