import { randomBytes, randomInt } from 'node:crypto'
import type { Ejabberd } from '../../e2e/support/ejabberd.ts'
import { until } from '../../e2e/support/wait.ts'
import type { Journal } from './journal.ts'
import { Account, type State } from './ledger.ts'
import type { Act, Story } from './story.ts'
import { Stream } from './stream.ts'
import { type Told, toldBy } from './told.ts'

/** A removal is answered before it is done: the journal tells when it is, unless ejabberd ended in between (ms). */
const REMOVAL = 15_000

/** One client with an account of its own, which nobody else touches. */
export class Actor {
  readonly account: Account
  readonly #ejabberd: Ejabberd
  readonly #journal: Journal
  /** Where it notes what it was told; set for each stretch of time. */
  story: Story
  /** What was stored when the account was settled last. */
  stored: string | undefined

  constructor(user: string, ejabberd: Ejabberd, journal: Journal, story: Story) {
    this.account = new Account(user)
    this.#ejabberd = ejabberd
    this.#journal = journal
    this.story = story
  }

  /** Does what this client would do next: something that makes sense for what it knows. */
  async act(): Promise<void> {
    const states = this.account.possible
    const state = states[randomInt(states.length)] as string | null
    const chance = randomInt(100)
    if (this.account.mayVanish) return state === null ? this.tryUnknown() : void (await this.visit(state))
    if (state === null) return chance < 70 ? this.register() : this.tryFormer()
    if (chance < 45) return void (await this.visit(state))
    if (chance < 58) return this.tryWrong()
    if (chance < 66) return this.tryFormer()
    if (chance < 74) return this.tryUnknown()
    if (chance < 92) return this.change(state)
    return this.remove(state)
  }

  /** Logs in with a password that may be right, and leaves; `true` if it was taken. */
  async visit(password: string): Promise<boolean> {
    const stream = await this.#enter('right password', password)
    stream?.leave()
    return stream !== undefined
  }

  /** Logs in with a password that never was right. */
  async tryWrong(): Promise<void> {
    await this.#intrude('wrong password', newPassword())
  }

  /** Logs in with the password that was right before. */
  async tryFormer(): Promise<void> {
    if (this.account.former !== undefined) await this.#intrude('former password', this.account.former)
  }

  /** Logs in as somebody who is not there. */
  async tryUnknown(): Promise<void> {
    await this.#intrude('unknown user', newPassword(), new Account(`${this.account.user}-unknown`))
  }

  /** Makes the account (XEP-0077), and logs in if that was done. */
  async register(): Promise<void> {
    const stream = await this.#connect()
    if (stream === undefined) return
    const password = newPassword()
    const told = await this.#write('register', password, () =>
      stream.registration({ username: this.account.user, password }),
    )
    stream.leave()
    if (told === 'refused' && this.account.possible.every((state) => state === null)) {
      throw this.account.violation('told that there is such an account')
    }
    if (told === 'done') await this.visit(password)
  }

  /** Logs in and changes the password (XEP-0077). */
  async change(password: string): Promise<void> {
    const stream = await this.#enter('right password', password)
    if (stream === undefined) return
    const next = newPassword()
    const fields = { username: this.account.user, password: next }
    const told = await this.#write('change password', next, () => stream.registration(fields))
    stream.leave()
    // As people do who are told so. If the former password still counts, it goes on to count.
    if (told === 'failed') await this.visit(password)
  }

  /** Logs in and removes the account (XEP-0077). ejabberd says "done" first and asks the program then. */
  async remove(password: string): Promise<void> {
    const stream = await this.#enter('right password', password)
    if (stream === undefined) return
    const from = this.#journal.position()
    await this.#write('remove', null, async () => {
      await stream.registration('remove').catch(() => {}) // the end of the stream may overtake the answer
      return await this.#removal(from)
    })
    stream.cut()
  }

  /**
   * Waits until the journal says what became of a removal, and gives it as a condition of XMPP. One that takes too long
   * is done nevertheless.
   */
  #removal(from: number): Promise<string | undefined> {
    const outcome = () => {
      const last = this.#journal.outcomes('removeuser', this.account.user, from).at(-1)
      if (last === undefined || last.isLate) return false
      return { condition: last.outcome === 'allowed' ? undefined : 'internal-server-error' }
    }
    return until('a removal', outcome, { milliseconds: REMOVAL }).then(({ condition }) => condition)
  }

  /** Notes the beginning and the end of a write. */
  async #write(act: Act, next: State, write: () => Promise<string | undefined>): Promise<Told> {
    const start = performance.now()
    this.account.begin(act, next)
    const told = await write().then(toldBy, () => 'nothing' as const)
    this.account.wrote(next, told)
    this.story.add(act, told, performance.now() - start)
    return told
  }

  /** Logs in with what must not be taken. */
  async #intrude(act: Act, password: string, account = this.account): Promise<void> {
    const stream = await this.#enter(act, password, account)
    stream?.leave()
  }

  /** Logs in, notes what came of it, and gives the stream if it is in. */
  async #enter(act: Act, password: string, account = this.account): Promise<Stream | undefined> {
    const from = this.#journal.position()
    const isCertain = account.possible.length === 1
    const start = performance.now()
    const stream = await this.#connect()
    const told = (await stream?.signIn(account.user, password).then(toldBy, () => undefined)) ?? 'nothing'
    account.note(`${act} ${password}: told ${told}`)
    this.story.add(act, told, performance.now() - start)
    // From here on, whatever becomes of the connection.
    if (told === 'done') account.admitted(password)
    if (act === 'right password' && told === 'refused' && isCertain) {
      this.story.refusals.push({ user: account.user, from, to: this.#journal.position() })
    }
    const isIn =
      told === 'done' &&
      (await stream?.bind().then(
        () => true,
        () => false,
      ))
    if (isIn === true) return stream
    stream?.cut()
    return undefined
  }

  #connect(): Promise<Stream | undefined> {
    return Stream.open(this.#ejabberd).catch(() => undefined)
  }
}

/** One that nobody has had before. */
function newPassword(): string {
  return randomBytes(9).toString('base64url')
}
