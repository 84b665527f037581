/**
 * Answers of a store, for as long as they may be given again.
 *
 * @module
 */
import { BoundedMap } from '../bounded-map.ts'
import { clock } from '../clock.ts'

/** How long answers are kept, in milliseconds, and how many of each kind. */
export interface AnswersOptions {
  readonly allowed: number
  readonly refused: number
  readonly outage: number
  readonly size: number
}

/** The memory behind `remember`: what the store said to which question. */
export interface Answers {
  /** What the store said a short while ago; `undefined` if it has to be asked. */
  fresh(question: string): boolean | undefined
  /** Did the store allow it when it last said anything, and not too long ago for an outage? */
  wasAllowed(question: string): boolean
  /** Remembers what the store said just now. */
  learn(question: string, account: string, answer: boolean): void
  /** Forgets all that was said about an account. */
  forget(account: string): void
}

/** By this part at most a time is cut short, so that what was learned in one moment is not asked in one moment again. */
const JITTER = 0.1

interface Entry {
  readonly account: string
  /** On `clock`. */
  readonly freshUntil: number
  readonly keptUntil: number
}

/**
 * Makes an empty memory. What is allowed and what is refused have room of their own: who guesses pushes no good answer
 * out.
 */
export function createAnswers({ allowed, refused, outage, size }: AnswersOptions): Answers {
  const yes = new BoundedMap<Entry>(size)
  const no = new BoundedMap<Entry>(size)
  const isFresh = (entry: Entry | undefined) => entry !== undefined && clock.now() < entry.freshUntil

  return {
    fresh(question) {
      if (isFresh(yes.get(question))) return true
      return isFresh(no.get(question)) ? false : undefined
    },
    wasAllowed(question) {
      const entry = yes.get(question)
      return entry !== undefined && clock.now() < entry.keptUntil
    },
    learn(question, account, answer) {
      const [kept, dropped, life] = answer ? [yes, no, allowed] : [no, yes, refused]
      const now = clock.now()
      dropped.delete(question)
      kept.set(question, {
        account,
        freshUntil: now + life * (1 - JITTER * Math.random()),
        keptUntil: now + outage,
      })
    },
    forget(account) {
      yes.deleteWhere((entry) => entry.account === account)
      no.deleteWhere((entry) => entry.account === account)
    },
  }
}
