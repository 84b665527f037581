import { randomInt } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ejabberd } from '../../e2e/support/ejabberd.ts'
import { within } from '../../e2e/support/wait.ts'
import { Actor } from './actor.ts'
import type { Journal } from './journal.ts'
import { Story } from './story.ts'

/** How many clients are at it all the time. */
export const CLIENTS = 50

/** A client catches its breath for up to so long, in milliseconds: more would only measure the machine. */
const BREATH = 3000

/** ejabberd gives the program 30 seconds for a request, and a registration is two of them. */
const LONGEST_ACT = 90_000

/** Clients that log in, fail to, register, change passwords and leave, until they are told to pause. */
export class Crowd {
  readonly actors: readonly Actor[]
  /** What they were told since they were last resumed. */
  story: Story = new Story()
  /** Rejects when somebody was let in, or told something, that cannot be. */
  readonly violated: Promise<never>
  #reject: (error: unknown) => void = () => {}
  #working: Promise<unknown> | undefined
  #pausing = new AbortController()

  constructor(ejabberd: Ejabberd, journal: Journal) {
    this.actors = Array.from({ length: CLIENTS }, (_, number) => {
      return new Actor(`client${String(number).padStart(2, '0')}`, ejabberd, journal, this.story)
    })
    this.violated = new Promise((_resolve, reject) => {
      this.#reject = reject
    })
    this.violated.catch(() => {}) // whoever waits for something hears it
  }

  /** Lets them work, and notes what they are told in a new story. */
  resume(): void {
    this.renew()
    this.#pausing = new AbortController()
    setMaxListeners(this.actors.length, this.#pausing.signal)
    this.#working = Promise.all(this.actors.map((actor) => this.#live(actor))).catch(this.#reject)
  }

  /** Begins a new story, and gives it. */
  renew(): Story {
    this.story = new Story()
    for (const actor of this.actors) actor.story = this.story
    return this.story
  }

  /** Lets them finish what they are at. */
  async pause(): Promise<void> {
    this.#pausing.abort()
    await within('the clients to finish', Promise.resolve(this.#working), { milliseconds: LONGEST_ACT })
  }

  async #live(actor: Actor): Promise<void> {
    const { signal } = this.#pausing
    while (!signal.aborted) {
      await pause(randomInt(BREATH), undefined, { signal }).catch(() => {})
      if (!signal.aborted) await actor.act()
    }
  }
}
