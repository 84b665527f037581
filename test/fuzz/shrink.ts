/** How long a smaller case is searched for, in milliseconds. */
const SEARCH_TIME = 30_000

/** What a case was made of, and how it failed. */
export interface Failing {
  readonly tape: readonly number[]
  readonly failure: unknown
}

/**
 * Searches for a smaller case that fails, too: with fewer numbers on its tape, and lower ones. Whatever generators make
 * of the numbers, less of them makes less.
 *
 * @param check Rejects if the case that is made of a tape fails.
 */
export async function smallest(
  tape: readonly number[],
  failure: unknown,
  check: (tape: readonly number[]) => Promise<void>,
): Promise<Failing> {
  const end = performance.now() + SEARCH_TIME
  let best: Failing = { tape, failure }
  const isBetter = async (candidate: readonly number[]) => {
    try {
      await check(candidate)
      return false
    } catch (failure) {
      best = { tape: candidate, failure }
      return true
    }
  }
  for (let before = ''; before !== best.tape.join() && performance.now() < end; ) {
    before = best.tape.join()
    for (const candidates of [shorter, lower]) await descend(candidates)
  }
  return best

  /** Tries one change at each place, and stays there while it helps. */
  async function descend(candidates: Candidates): Promise<void> {
    for (const size of candidates.sizes(best.tape)) {
      for (let at = 0; at < best.tape.length && performance.now() < end; ) {
        const candidate = candidates.change(best.tape, at, size)
        if (candidate === undefined || !(await isBetter(candidate))) at++
      }
    }
  }
}

interface Candidates {
  sizes(tape: readonly number[]): readonly number[]
  /** What is tried at this place, if there is something to be gained. */
  change(tape: readonly number[], at: number, size: number): readonly number[] | undefined
}

const shorter: Candidates = {
  sizes: (tape) => powersOfTwo(tape.length).reverse(),
  change: (tape, at, size) => [...tape.slice(0, at), ...tape.slice(at + size)],
}

const lower: Candidates = {
  sizes: () => [Number.POSITIVE_INFINITY, 2, 1],
  change(tape, at, size) {
    const value = tape[at] ?? 0
    const less = size === 2 ? Math.floor(value / 2) : Math.max(0, value - size)
    return less === value ? undefined : tape.with(at, less)
  },
}

function powersOfTwo(most: number): number[] {
  const powers: number[] = []
  for (let power = 1; power <= most; power *= 2) powers.push(power)
  return powers
}
