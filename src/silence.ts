/**
 * Requests that stand in the pipe for longer than anybody waits for the answer.
 *
 * A program that is suspended is not asked again: after 30 seconds ejabberd tells its user that it failed, closes the
 * pipes and starts another program. When the suspended one goes on, it finds the request, and the end behind it.
 *
 * @module
 */
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { clock } from './clock.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { failed, type Outcome } from './outcome.ts'

/**
 * Is this a write that must not take effect after it was told as failed, perhaps after a second one? A removal must:
 * ejabberd has told that it is done, whatever becomes of it.
 */
export function isRevocable({ operation }: IncomingRequest): boolean {
  return operation === 'setpass' || operation === 'tryregister'
}

/** The time since the last request: no other can have waited for longer. */
export class Silence {
  readonly #input: Readable
  /** How long a request may take, in milliseconds. */
  readonly #timeout: number
  #since: number = clock.now()

  constructor({ input, timeout }: { readonly input: Readable; readonly timeout: number }) {
    this.#input = input
    this.#timeout = timeout
  }

  /** Ends the silence. Was it so long that the request which ends it may have waited beyond its deadline? */
  isLong(now: number): boolean {
    const silence = now - this.#since
    this.#since = now
    return silence > this.#timeout
  }

  /** Asks, unless the input has ended behind the request: nobody waits for the answer then. */
  async unlessGivenUp(ask: () => Outcome | Promise<Outcome>): Promise<Outcome> {
    // The end of the input, if it is there, shows in the turn in which the last of it was read; since Node.js 24, in
    // the next one.
    await nextTurn()
    await nextTurn()
    return this.#input.readableEnded ? GIVEN_UP : ask()
  }
}

const GIVEN_UP = failed('not begun: whoever asked has given up')
