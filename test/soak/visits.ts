/** One client after the other that comes to a real ejabberd: to log in, to fail, to register, to change, to leave. */
import { randomUUID } from 'node:crypto'
import { type Client, xml } from '@xmpp/client'
import type { Ejabberd } from '../e2e/support/ejabberd.ts'
import { login } from '../e2e/support/login.ts'
import { assertRefused, registration, thrownOut } from '../e2e/support/stanzas.ts'
import type { Random } from '../fuzz/random.ts'
import type { Ledger } from './ledger.ts'
import { MARK, type Truth } from './questions.ts'

type Kind = 'logs in' | 'fails' | 'is unknown' | 'registers' | 'registers again' | 'changes' | 'leaves'

/** What somebody does who has an account; some things more often than others. */
const WITH_ACCOUNT: readonly Kind[] = [
  ...(['logs in', 'logs in', 'logs in', 'fails', 'fails', 'registers again', 'changes', 'leaves'] as const),
]

/** Somebody with some names, which nobody else uses, and who knows what is true of them. */
export class Visitor {
  readonly truth: Truth = new Map()
  readonly #ejabberd: Ejabberd
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #names: readonly string[]

  constructor(ejabberd: Ejabberd, ledger: Ledger, random: Random, names: readonly string[]) {
    this.#ejabberd = ejabberd
    this.#ledger = ledger
    this.#random = random
    this.#names = names
  }

  /** Comes once, and goes again. */
  async visit(): Promise<void> {
    const user = this.#random.pick(this.#names)
    const kind = this.#kindFor(user)
    try {
      await this.#visits[kind](user)
      this.#ledger.right(`ejabberd: ${kind}`)
    } catch (error) {
      this.#ledger.wrongAnswer(`at ejabberd: ${user} ${kind}: ${error}`)
    }
  }

  /** Comes once for each name, and sees whether everything is as it was left. */
  async lookAround(): Promise<void> {
    for (const user of this.#names) {
      const password = this.truth.get(user)
      try {
        if (password === undefined) await assertRefused(this.#enter(user, MARK))
        else await (await this.#enter(user, password)).stop()
      } catch (error) {
        this.#ledger.wrongAnswer(`at ejabberd, at the end: ${user}: ${error}`)
      }
    }
  }

  #kindFor(user: string): Kind {
    if (!this.truth.has(user)) return this.#random.oneIn(3) ? 'is unknown' : 'registers'
    return this.#random.pick(WITH_ACCOUNT)
  }

  readonly #visits: Readonly<Record<Kind, (user: string) => Promise<void>>> = {
    'logs in': async (user: string) => {
      const client = await this.#enter(user, this.truth.get(user))
      // Asks the program whether there is such a user.
      const query = xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })
      await client.iqCaller.request(xml('iq', { type: 'get', to: client.jid.bare().toString() }, query))
      await client.stop()
    },
    fails: async (user: string) => {
      await assertRefused(this.#enter(user, this.#newPassword()))
    },
    'is unknown': async (user: string) => {
      await assertRefused(this.#enter(user, this.#newPassword()))
      await assertRefused(this.#enter(randomUUID(), this.#newPassword()))
    },
    registers: async (user: string) => {
      const password = this.#newPassword()
      const client = await this.#enter(user, password, async (entity) => {
        await registration(entity, { username: user, password })
        this.truth.set(user, password)
      })
      await client.stop()
    },
    'registers again': async (user: string) => {
      const client = await this.#enter(user, this.truth.get(user), async (entity) => {
        const answer = registration(entity, { username: user, password: this.#newPassword() })
        const condition = await answer.then(
          () => 'no error',
          (error: { condition?: string }) => error.condition,
        )
        if (condition !== 'conflict') throw new Error(`expected a conflict, got ${condition}`)
      })
      await client.stop()
    },
    changes: async (user: string) => {
      const [old, password] = [this.truth.get(user), this.#newPassword()]
      const client = await this.#enter(user, old)
      await registration(client, { username: user, password })
      this.truth.set(user, password)
      await client.stop()
      await assertRefused(this.#enter(user, old))
      await (await this.#enter(user, password)).stop()
    },
    leaves: async (user: string) => {
      const password = this.truth.get(user)
      const client = await this.#enter(user, password)
      const end = thrownOut(client)
      await registration(client, 'remove').catch(() => {}) // the end of the stream may overtake the answer
      await end
      this.truth.delete(user)
      await assertRefused(this.#enter(user, password))
    },
  }

  async #enter(user: string, password = '', beforehand?: (entity: Client) => Promise<void>): Promise<Client> {
    const start = performance.now()
    const person = { user, password, ...(beforehand === undefined ? {} : { beforehand }) }
    const client = await login(this.#ejabberd, 'tcp', person)
    if (beforehand === undefined) this.#ledger.took('ejabberd: login', performance.now() - start)
    return client
  }

  #newPassword(): string {
    return `${MARK}:\u20ac${this.#random.below(2 ** 32)}`
  }
}
