/**
 * What the failures of members say.
 *
 * @module
 */
import { BackendError, HashError, StoreError, TooManyRefusalsError, UnavailableError } from '../errors.ts'
import type { Request } from '../handlers.ts'
import { secretsOf } from '../incoming-request.ts'
import { reasonOf } from '../reason.ts'

const ANSWERS = [TooManyRefusalsError, HashError] as const
const OUTAGES = [UnavailableError, StoreError] as const

/**
 * Is this no outage? A brake must hold for the right password, too; and a stored hash that cannot be verified is
 * another one than that which was: somebody has changed the password, or locked the account.
 */
export function isAnswered(failure: unknown): boolean {
  return ANSWERS.some((Failure) => failure instanceof Failure)
}

/** One failure stands for itself. Several are told in one line: each may be the one to mend. */
export function failureOf(failures: readonly unknown[], request: Request): unknown {
  if (failures.length === 1) return failures[0]
  const reasons = failures.map((failure) => reasonOf(failure, ...secretsOf(request))).join('; ')
  return new (classOf(failures))(`${failures.length} members failed: ${reasons}`)
}

/** What one member has answered stays answered, although another one is away: no memory is to speak for it. */
function classOf(failures: readonly unknown[]) {
  const isThere = (Failure: new (message: string) => Error) =>
    failures.some((failure) => failure instanceof Failure)
  return ANSWERS.find(isThere) ?? (OUTAGES.some(isThere) ? UnavailableError : BackendError)
}
