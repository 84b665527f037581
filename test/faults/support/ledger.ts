import type { Told } from './told.ts'

/** What an account is: its password, or `null` if there is no such account. */
export type State = string | null

/** Somebody was let in who should not have been, or was told what is not true. */
export class Violation extends Error {
  override name = 'Violation'
}

/** The truth about one account, as far as whoever uses it alone can know it. */
export class Account {
  readonly user: string
  readonly #possible: Set<State> = new Set([null])
  /** Writes of which nobody was told the outcome: they may take effect until everything is quiet. */
  readonly #untold: Set<State> = new Set()
  readonly #former: string[] = []
  readonly #history: string[] = []
  /** May a write take effect after its writer was told that it failed? A statement may still be on its way. */
  hasLateWrites = false
  #isTouched = false

  constructor(user: string) {
    this.user = user
  }

  /** The states it may be in; more than one while nobody knows what became of a write. */
  get possible(): readonly State[] {
    return [...this.#possible]
  }

  /** The password that was valid before, if there was one: it must not let anybody in again. */
  get former(): string | undefined {
    return this.#former.at(-1)
  }

  /** Was it to be removed, and nobody knows whether that is still to come? Then it is not to be written to. */
  get mayVanish(): boolean {
    return this.#untold.has(null)
  }

  /** Was a write begun since the account was last settled? */
  get isTouched(): boolean {
    return this.#isTouched
  }

  /** Notes something for whoever has to understand a violation. */
  note(event: string): void {
    this.#history.push(`${new Date().toISOString()} ${event}`)
  }

  /** Notes that a write begins; tell its end with {@link wrote}. */
  begin(what: string, next: State): void {
    this.#isTouched = true
    this.note(`${what} begins, to ${describe(next)}`)
  }

  /** Notes what the writer was told. */
  wrote(next: State, told: Told): void {
    this.note(`told ${told}: ${describe(next)}`)
    if (told === 'refused') return
    if (told === 'done') this.#become(next)
    else this.#possible.add(next)
    if (told === 'nothing' || (told === 'failed' && this.hasLateWrites)) this.#untold.add(next)
  }

  /** Notes that somebody was let in with a password; throws if that cannot be. */
  admitted(password: string): void {
    this.note(`admitted with ${password}`)
    if (!this.#possible.has(password)) throw this.violation(`admitted with the password ${password}`)
    for (const state of this.#possible) {
      if (state !== password && !this.#untold.has(state)) this.#drop(state)
    }
  }

  /** Notes what was found when nothing was under way any more; throws if that cannot be. */
  settle(found: State): void {
    this.note(`found to be ${describe(found)}`)
    const violation = this.#possible.has(found) ? undefined : this.violation(`found to be ${describe(found)}`)
    this.#become(found)
    this.#isTouched = false
    if (violation !== undefined) throw violation
  }

  /** An error that tells how it came to that. */
  violation(what: string): Violation {
    const expected = this.possible.map(describe).join(' or ')
    return new Violation(
      `${this.user}: ${what}, expected ${expected}\n${this.#history.slice(-40).join('\n')}`,
    )
  }

  #become(state: State): void {
    for (const other of this.#possible) if (other !== state) this.#drop(other)
    this.#possible.add(state)
    this.#untold.clear()
  }

  #drop(state: State): void {
    this.#possible.delete(state)
    if (state !== null) this.#former.push(state)
  }
}

function describe(state: State): string {
  return state === null ? 'no account' : `the password ${state}`
}
