/** Whether what several processes saw can have happened one after the other. */

/** The stored hash of an account, or `null` if there is none. */
export type State = string | null

/** One operation on one account: what it said, and when it began and ended. */
export interface Operation {
  readonly user: string
  readonly kind: 'create' | 'change' | 'remove' | 'read' | 'login'
  /** What is written; of a login, the hash of the password that was tried. */
  readonly hash: string
  /** Missing if nobody was told: its process was killed, before `end`, and it took effect or it did not. */
  readonly result?: boolean | State | undefined
  readonly begin: number
  readonly end: number
}

/** What may have happened so far: a state, and which of the operations that are under way have led to it. */
interface Guess {
  readonly state: State
  readonly done: readonly Operation[]
}

/**
 * Is there an order of the operations of one account that respects time (what ended before another began comes
 * first) and in which each one says what it said? The account does not exist at first; `last` is what it is now.
 */
export function isPossible(operations: readonly Operation[], last: State): boolean {
  return possibleStates(operations, null).has(last)
}

/** Every state that operations on one account can have led to; none if they cannot have said what they said. */
export function possibleStates(operations: readonly Operation[], first: State): Set<State> {
  const underWay = new Set<Operation>()
  let guesses: readonly Guess[] = [{ state: first, done: [] }]
  for (const { operation, isEnd } of inTime(operations)) {
    if (isEnd) {
      guesses = afterEnd(guesses, operation, [...underWay])
      underWay.delete(operation)
    } else {
      underWay.add(operation)
    }
  }
  return new Set(guesses.map(({ state }) => state))
}

function inTime(operations: readonly Operation[]): { operation: Operation; isEnd: boolean }[] {
  const events = operations.flatMap((operation) => [
    { operation, isEnd: false, at: operation.begin },
    { operation, isEnd: true, at: operation.end },
  ])
  return events.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd))
}

/** An operation has ended, so it has happened by now; of the others only what has to come before it. */
function afterEnd(
  guesses: readonly Guess[],
  ending: Operation,
  underWay: readonly Operation[],
): readonly Guess[] {
  const found = guesses.filter(({ done }) => ending.result === undefined && !done.includes(ending))
  for (let open = guesses; open.length > 0; ) {
    const happened = open.filter(({ done }) => done.includes(ending))
    found.push(...happened.map(({ state, done }) => ({ state, done: done.filter((one) => one !== ending) })))
    const others = open.filter(({ done }) => !done.includes(ending))
    open = distinct(
      others.flatMap((guess) => underWay.flatMap((next) => onward(guess, next))),
      underWay,
    )
  }
  return distinct(found, underWay)
}

/** The guess with one operation more, if that is possible. */
function onward({ state, done }: Guess, next: Operation): Guess[] {
  const after = done.includes(next) ? undefined : apply(next, state)
  return after === undefined ? [] : [{ state: after, done: [...done, next] }]
}

function distinct(guesses: readonly Guess[], operations: readonly Operation[]): readonly Guess[] {
  const key = ({ state, done }: Guess) =>
    `${state} ${operations.map((operation) => Number(done.includes(operation))).join('')}`
  return [...new Map(guesses.map((guess) => [key(guess), guess])).values()]
}

/** The state after the operation, or `undefined` if it would not have said what it said. */
function apply({ kind, hash, result }: Operation, state: State): State | undefined {
  const [said, after] = perform(kind, hash, state)
  return result === undefined || result === said ? after : undefined
}

function perform(kind: Operation['kind'], hash: string, state: State): [boolean | State, State] {
  const exists = state !== null
  if (kind === 'read') return [state, state]
  if (kind === 'login') return [state === hash, state]
  if (kind === 'create') return [!exists, exists ? state : hash]
  if (kind === 'change') return [exists, exists ? hash : null]
  return [exists, null]
}
