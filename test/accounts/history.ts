/** Whether what several processes saw can have happened one after the other. */

/** One operation on one account: what it said, and when it began and ended. */
export interface Operation {
  readonly user: string
  readonly kind: 'create' | 'change' | 'remove' | 'read'
  readonly hash: string
  readonly result: boolean | string | null
  readonly begin: number
  readonly end: number
}

/**
 * Is there an order of the operations of one account that respects time (what ended before another began comes
 * first) and in which each one says what it said? The account does not exist at first; `last` is what it is now.
 */
export function isPossible(operations: readonly Operation[], last: string | null): boolean {
  const byBegin = [...operations].sort((a, b) => a.begin - b.begin)
  const dead = new Set<string>()

  const search = (left: readonly Operation[], state: string | null): boolean => {
    if (left.length === 0) return state === last
    const key = `${state} ${left.map((operation) => byBegin.indexOf(operation)).join()}`
    if (dead.has(key)) return false
    const firstEnd = Math.min(...left.map(({ end }) => end))
    for (const next of left.filter(({ begin }) => begin <= firstEnd)) {
      const after = apply(next, state)
      if (
        after !== undefined &&
        search(
          left.filter((other) => other !== next),
          after,
        )
      )
        return true
    }
    dead.add(key)
    return false
  }

  return search(byBegin, null)
}

/** The state after the operation, or `undefined` if it would not have said what it said. */
function apply({ kind, hash, result }: Operation, state: string | null): string | null | undefined {
  const exists = state !== null
  if (kind === 'read') return result === state ? state : undefined
  if (kind === 'create') return result !== exists ? (exists ? state : hash) : undefined
  if (kind === 'change') return result === exists ? (exists ? hash : null) : undefined
  return result === exists ? null : undefined
}
