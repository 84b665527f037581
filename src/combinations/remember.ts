/**
 * A memory in front of a store.
 *
 * @module
 */

import { clock } from '../clock.ts'
import { isPromise } from '../dispatch.ts'
import { UnavailableError } from '../errors.ts'
import type { Answer, Handlers, Operation, Request } from '../handlers.ts'
import { passwordOf, withOrigin } from '../incoming-request.ts'
import { checkOptions, milliseconds, optional, type Rules, wholeNumber } from '../option-rules.ts'
import { createAnswers } from './answers.ts'
import { accountOf, createDigest } from './digest.ts'
import { isAnswered } from './failures.ts'
import { Flight, Flights, OVERDUE } from './flight.ts'
import { ask, checkMember, combine } from './members.ts'

/** What `remember` can be told. All times are in milliseconds. */
export interface RememberOptions {
  /**
   * For how long the same question is allowed again without asking. So long a password that was changed or taken away
   * behind the back of this process is good for. 0 asks each time.
   *
   * @default 30000
   */
  readonly allowed?: number
  /**
   * For how long the same question is refused again without asking: so long nobody sees an account that was made
   * behind the back of this process.
   *
   * @default 3000
   */
  readonly refused?: number
  /**
   * For how long after the store last allowed it a question is allowed while the store fails. So long, at most, a password
   * that was taken away is good for in an outage. 0 lets an outage be one.
   *
   * @default 0
   */
  readonly outage?: number
  /**
   * How long a store may take, if it has allowed the same question within `outage`. Then it counts as failed. Less than the
   * deadline of a request, which is 5000 unless the program was told otherwise.
   *
   * @default 2000
   */
  readonly wait?: number
  /**
   * How many allowed, and how many refused questions are remembered at most. One takes about 300 bytes.
   *
   * @default 10000
   */
  readonly size?: number
}

const RULES: Rules<RememberOptions> = {
  allowed: optional(milliseconds),
  refused: optional(milliseconds),
  outage: optional(milliseconds),
  wait: optional(wholeNumber(0, 30_000)),
  size: optional(wholeNumber(1)),
}

/** For so long a store that did not answer in time is not waited for again, in milliseconds. */
const REST = 5000

/**
 * Makes handlers that remember what others said to `auth` and `isuser`, and, if told so, get by with it in an outage.
 *
 * **Several workers do not share it.** A password that is changed through one worker, or by somebody else, stays good in
 * the others for up to `allowed` ms. Choose `allowed: 0` with an `outage` to ask each time, and to remember for
 * outages only.
 *
 * Neither a failure nor a password is remembered: a question is known by an HMAC under a key of this process, and one
 * with another password is another question. A refusal makes the handlers forget that they once allowed it. What is
 * asked while the same question is under way waits for its answer. `setpass`, `tryregister` and `removeuser` forget all
 * about the user, before and after; they and `certauth` always go through.
 *
 * Put `slowDown` around it, not into it: who guesses would otherwise have the right guess answered from memory.
 *
 * @throws {TypeError} If these are no handlers, or if an option is wrong.
 *
 * @example
 * ```ts
 * import { accounts, remember, serve } from 'ejabberd-extauth'
 *
 * const handlers = accounts({ directory: '/var/lib/ejabberd/accounts' })
 *
 * await serve(remember(handlers, { allowed: 0, outage: 60 * 60 * 1000 }))
 * ```
 */
export function remember(handlers: Handlers, options: RememberOptions = {}): Handlers {
  checkMember('what remember is given', handlers)
  checkOptions('remember', options, RULES)
  const { allowed = 30_000, refused = 3000, outage = 0, wait = 2000, size = 10_000 } = options
  const answers = createAnswers({ allowed, refused, outage, size })
  const flights = new Flights()
  const digest = createDigest()
  let restUntil = Number.NEGATIVE_INFINITY

  return combine([handlers], (operation, request) => {
    if (operation === 'certauth') return ask(handlers, operation, request)
    return operation === 'auth' || operation === 'isuser'
      ? recall(operation, request)
      : write(operation, request)
  })

  function recall(operation: Operation, request: Request): Answer {
    const question = digest(operation, request.user, request.server, passwordOf(request) ?? '')
    const fresh = answers.fresh(question)
    if (fresh !== undefined) return fresh
    if (clock.now() < restUntil && answers.wasAllowed(question)) return true
    const flight = flights.get(question)
    return flight === undefined ? askStore(operation, request, question) : join(flight, request, question)
  }

  function askStore(operation: Operation, request: Request, question: string): Answer {
    const account = accountOf(request)
    const flight = new Flight(account)
    const learn = (answer: unknown) => {
      if (typeof answer !== 'boolean') return
      answers.learn(question, account, answer)
      restUntil = Number.NEGATIVE_INFINITY
    }
    try {
      const answer: unknown = ask(handlers, operation, withOrigin(request, flight))
      if (isPromise(answer)) {
        flights.depart(question, flight, answer, learn)
        return join(flight, request, question)
      }
      learn(answer)
      return conclude(question, answer)
    } catch (error) {
      return bridge(question, error)
    }
  }

  async function join(flight: Flight, request: Request, question: string): Promise<boolean> {
    try {
      const answer = await flight.ride(request, answers.wasAllowed(question) ? wait : undefined)
      if (answer !== OVERDUE) return conclude(question, answer)
      restUntil = clock.now() + REST
    } catch (error) {
      request.signal.throwIfAborted()
      return bridge(question, error)
    }
    return bridge(question, new UnavailableError(`no answer within ${wait} ms`))
  }

  /** What is neither yes nor no is a failure, and handed on for what it is. */
  function conclude(question: string, answer: unknown): boolean {
    return typeof answer === 'boolean' ? answer : answers.wasAllowed(question) || (answer as boolean)
  }

  function bridge(question: string, error: unknown): true {
    if (!isAnswered(error) && answers.wasAllowed(question)) return true
    throw error
  }

  function write(operation: Operation, request: Request): Answer {
    const forget = () => {
      answers.forget(accountOf(request))
      flights.forget(accountOf(request))
    }
    forget()
    const answer = ask(handlers, operation, request)
    return isPromise(answer) ? Promise.resolve(answer).finally(forget) : answer
  }
}
