import type { Told } from './told.ts'

/** What clients do, as the tables name it. */
export type Act =
  | 'right password'
  | 'wrong password'
  | 'former password'
  | 'unknown user'
  | 'register'
  | 'change password'
  | 'remove'

/** A right password that was not taken, and where in the journal that was. */
export interface Refusal {
  user: string
  from: number
  to: number
}

/** What the clients of a crowd were told in some stretch of time. */
export class Story {
  readonly refusals: Refusal[] = []
  readonly #counts = new Map<Act, Record<Told, number>>()
  readonly #slowest = new Map<Act, number>()

  /** Notes what somebody was told, after how many milliseconds. */
  add(act: Act, told: Told, milliseconds: number): void {
    const counts = this.#counts.get(act) ?? { done: 0, refused: 0, failed: 0, nothing: 0 }
    counts[told] += 1
    this.#counts.set(act, counts)
    this.#slowest.set(act, Math.max(this.#slowest.get(act) ?? 0, milliseconds))
  }

  /** How often somebody was told this. */
  count(act: Act, told: Told): number {
    return this.#counts.get(act)?.[told] ?? 0
  }

  /** The longest that somebody waited for an answer, in milliseconds. */
  slowest(act: Act): number {
    return this.#slowest.get(act) ?? 0
  }

  /** How many acts there were, whatever came of them. */
  get total(): number {
    let total = 0
    for (const counts of this.#counts.values()) for (const count of Object.values(counts)) total += count
    return total
  }

  /** One line for people. */
  toString(): string {
    return [...this.#counts]
      .map(([act, counts]) => {
        const told = Object.entries(counts).flatMap(([told, count]) =>
          count === 0 ? [] : `${count} ${told}`,
        )
        return `${act}: ${told.join(', ')} (slowest ${(this.slowest(act) / 1000).toFixed(1)} s)`
      })
      .join('; ')
  }
}
