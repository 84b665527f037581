/**
 * A brake for who guesses passwords.
 *
 * @module
 */

import { BoundedMap } from '../bounded-map.ts'
import { clock } from '../clock.ts'
import { TooManyRefusalsError } from '../errors.ts'
import type { Handlers, Operation, PasswordRequest } from '../handlers.ts'
import { onAbort } from '../incoming-request.ts'
import {
  checkOptions,
  milliseconds,
  optional,
  optionError,
  type Rules,
  wholeNumber,
} from '../option-rules.ts'
import { accountOf, createDigest } from './digest.ts'
import { ask, checkMember, combine } from './members.ts'
import { run, type Steps } from './steps.ts'

/** What `slowDown` can be told. All times are in milliseconds. */
export interface SlowDownOptions {
  /** So many different wrong passwords for one user are taken without a pause. @default 10 */
  readonly after?: number
  /** How long the first pause is; each wrong password after that doubles it. @default 1000 */
  readonly pause?: number
  /** How long a pause is at most. @default 60000 */
  readonly longest?: number
  /** Wrong passwords are forgotten when there was none for so long; not less than `longest`. @default 600000 */
  readonly within?: number
  /** For how many users wrong passwords are counted at most. One takes 1.5 kB at most. @default 10000 */
  readonly size?: number
}

const RULES: Rules<SlowDownOptions> = {
  after: optional(wholeNumber(1)),
  pause: optional(milliseconds),
  longest: optional(milliseconds),
  within: optional(milliseconds),
  size: optional(wholeNumber(1)),
}

/** So many wrong passwords of a user are known again when they come again. */
const KNOWN = 16

const LONG_AGO = Number.NEGATIVE_INFINITY
const MOST_DOUBLINGS = 40

/** What is held against a user. Times are on `clock`. */
interface Suspicion {
  refusals: number
  refusedAt: number
  /** How many passwords are being looked at: each may turn out to be wrong. */
  pending: number
  pendingSince: number
  /** Digests of the passwords that were refused, the newest last. */
  known: string[]
}

/**
 * Makes handlers that take fewer and fewer passwords for a user for whom many wrong ones came: after each of them there
 * is a pause, in which every further one fails (`TooManyRefusalsError`) without being looked at.
 *
 * It fails at once, and waits for nothing: a worker answers one request after the other, so that whoever guesses could
 * hold up everybody's logins with waiting. And it fails instead of refusing, as nobody knows whether the password is
 * right: ejabberd says the same to the user, but remembers nothing, and the log tells the two apart.
 *
 * The owner is braked as well, though not locked out: between pauses the right password is taken, and all is
 * forgotten with it. A password that comes again, as from a device with an old one, counts once. One that fails counts like
 * a wrong one: `remember` lets the right one in while the store is away. Each worker counts for itself.
 *
 * Applies to `auth`, and to `removeuser3` where the handlers have it.
 *
 * @throws {TypeError} If these are no handlers, or if an option is wrong.
 *
 * @example
 * ```ts
 * import { accounts, serve, slowDown } from 'ejabberd-extauth'
 *
 * await serve(slowDown(accounts({ directory: '/var/lib/ejabberd/accounts' })))
 * ```
 */
export function slowDown(handlers: Handlers, options: SlowDownOptions = {}): Handlers {
  checkMember('what slowDown is given', handlers)
  checkOptions('slowDown', options, RULES)
  const { after = 10, pause = 1000, longest = 60_000, within = 600_000, size = 10_000 } = options
  if (within < longest) throw optionError('slowDown', 'within', `at least \`longest\` (${longest})`, within)
  const suspicions = new BoundedMap<Suspicion>(size)
  const digest = createDigest()

  return combine([handlers], (operation, request) =>
    operation === 'auth' || operation === 'removeuser3'
      ? run(request, attempt(operation, request as PasswordRequest))
      : ask(handlers, operation, request),
  )

  function* attempt(operation: Operation, request: PasswordRequest): Steps<boolean> {
    const account = accountOf(request)
    const suspicion = suspicionOf(account)
    const left = openAt(suspicion) - clock.now()
    if (left > 0)
      throw new TooManyRefusalsError(
        `too many wrong passwords for this user: none is taken for ${describe(left)}`,
      )
    const settle = look(account, suspicion)
    // A handler that ignores the end of its request may never settle.
    const forget = onAbort(request, settle)
    let answer: unknown
    try {
      answer = yield ask(handlers, operation, request)
      return answer as boolean
    } finally {
      forget()
      if (answer === true) clear(suspicion)
      // An outage is no time to guess in either: a memory in front of the store may still know the right password.
      else if (!request.signal.aborted) blame(suspicion, digest(request.password))
      settle()
    }
  }

  /** Notes that a password is being looked at, until the function that it returns is called. */
  function look(account: string, suspicion: Suspicion): () => void {
    suspicion.pending++
    suspicion.pendingSince = clock.now()
    suspicions.set(account, suspicion)
    let isSettled = false
    return () => {
      if (isSettled) return
      isSettled = true
      suspicion.pending--
      if (isGone(suspicion) && suspicions.get(account) === suspicion) suspicions.delete(account)
    }
  }

  function suspicionOf(account: string): Suspicion {
    const found = suspicions.get(account)
    const latest = Math.max(found?.refusedAt ?? LONG_AGO, found?.pendingSince ?? LONG_AGO)
    if (found !== undefined && clock.now() - latest <= within) return found
    return { refusals: 0, refusedAt: LONG_AGO, pending: 0, pendingSince: LONG_AGO, known: [] }
  }

  /** When the next password is looked at. What is pending counts as refused: many at a time must not slip through. */
  function openAt({ refusals, refusedAt, pending, pendingSince }: Suspicion): number {
    const afterRefusal = refusedAt + pauseAfter(refusals)
    return pending === 0
      ? afterRefusal
      : Math.max(afterRefusal, pendingSince + pauseAfter(refusals + pending))
  }

  function pauseAfter(refusals: number): number {
    return refusals < after ? 0 : Math.min(longest, pause * 2 ** Math.min(refusals - after, MOST_DOUBLINGS))
  }
}

function isGone({ refusals, pending }: Suspicion): boolean {
  return refusals === 0 && pending === 0
}

function clear(suspicion: Suspicion): void {
  suspicion.refusals = 0
  suspicion.refusedAt = LONG_AGO
  suspicion.known = []
}

function blame(suspicion: Suspicion, password: string): void {
  if (suspicion.known.includes(password)) return
  suspicion.known = [...suspicion.known, password].slice(-KNOWN)
  suspicion.refusals++
  suspicion.refusedAt = clock.now()
}

function describe(ms: number): string {
  return ms < 1000 ? 'a moment' : `another ${Math.ceil(ms / 1000)} s`
}
