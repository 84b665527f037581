/**
 * One question to the store, and all who wait for its answer.
 *
 * @module
 */
import type { Request } from '../handlers.ts'

/** Told instead of an answer to who has waited as long as was agreed. */
export const OVERDUE: unique symbol = Symbol('overdue')

/** The questions that are under way: none of them is asked twice at a time. */
export class Flights {
  readonly #current = new Map<string, Flight>()

  get(question: string): Flight | undefined {
    return this.#current.get(question)
  }

  /** Lets others join, until there is an answer. `learn` is told it, unless it has been overtaken by then. */
  depart(
    question: string,
    flight: Flight,
    answer: PromiseLike<unknown>,
    learn: (answer: unknown) => void,
  ): void {
    const end = () => {
      if (this.#current.get(question) === flight) this.#current.delete(question)
    }
    const landed = Promise.resolve(answer).then((settled) => {
      if (this.#current.get(question) === flight) learn(settled)
      return settled
    })
    this.#current.set(question, flight)
    flight.depart(landed.finally(end), end)
  }

  /** Whatever is under way about an account is overtaken: nobody joins it any more, and nothing is learned from it. */
  forget(account: string): void {
    for (const [question, flight] of this.#current) {
      if (flight.account === account) this.#current.delete(question)
    }
  }
}

/** A question that is under way. It is given up when the last one who waits for it has left, not when one of them has. */
export class Flight {
  readonly account: string
  #controller: AbortController | undefined
  #abandoned: { readonly reason: unknown } | undefined
  #riders = 0
  #answer: Promise<unknown> = Promise.resolve()
  #onAbandoned = () => {}

  constructor(account: string) {
    this.account = account
  }

  /** For the store; made only when it is looked at. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#abandoned !== undefined) this.#controller.abort(this.#abandoned.reason)
    return this.#controller.signal
  }

  /** The answer is on its way. */
  depart(answer: Promise<unknown>, onAbandoned: () => void): void {
    this.#answer = answer
    this.#onAbandoned = onAbandoned
  }

  /**
   * Waits for the answer. Rejects as soon as the request is given up; resolves to `OVERDUE` after `wait`
   * milliseconds, if there are any.
   */
  ride({ signal }: Pick<Request, 'signal'>, wait?: number): Promise<unknown> {
    this.#riders++
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        stop()
        reject(signal.reason)
        this.#leave(signal.reason)
      }
      const onOverdue = () => {
        stop()
        resolve(OVERDUE)
        this.#leave(new DOMException(`No answer within ${wait} ms`, 'TimeoutError'))
      }
      const timer = wait === undefined ? undefined : setTimeout(onOverdue, wait)
      signal.addEventListener('abort', onAbort)
      this.#answer.finally(stop).then(resolve, reject)
      if (signal.aborted) onAbort()
    })
  }

  #leave(reason: unknown): void {
    if (--this.#riders > 0) return
    this.#abandoned = { reason }
    this.#controller?.abort(reason)
    this.#onAbandoned()
  }
}
