/** One worker on pipes, asked by us alone. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { listAccounts } from '../../src/accounts/listing.ts'
import { makeRoot } from '../../src/accounts/root.ts'
import { Client } from '../../src/client.ts'
import { makePipes, PipedProgram } from '../bench/pipes.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { descendants, isAlive, kill } from '../e2e/support/processes.ts'
import { until } from '../e2e/support/wait.ts'
import type { Random } from '../fuzz/random.ts'
import { body } from '../helpers/wire.ts'
import { editionUser, HandlersFile, HOSTS } from './handlers.ts'
import type { Ledger } from './ledger.ts'
import { complainOfErrors, unfinishedIn } from './leftovers.ts'
import {
  existence,
  hashQuestion,
  instantQuestion,
  lateQuestion,
  loginQuestion,
  NAMES,
  type Question,
  question,
  REPLY,
  type Truth,
} from './questions.ts'

/** In seconds. Longer than by default: who shares a machine with others must not take its load for a fault. */
export const TIMEOUT = 10
/** How often a handler never answers, in milliseconds: nothing else is answered meanwhile. */
const LATE_EVERY = 60_000
/** How often a question takes a hash, in milliseconds: that is work for a processor, which others need, too. */
const HASH_EVERY = 1000
/** So many questions are asked at once, from time to time. */
const BURST = 50

/** The worker, the handlers module that it runs, and what is true of its accounts. */
export class Piped {
  readonly worker: number
  reloads = 0
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #program: PipedProgram
  readonly #client: Client
  readonly #handlers: HandlersFile
  readonly #accounts: string
  readonly #log: string
  readonly #truth: Truth = new Map()

  private constructor(ledger: Ledger, random: Random, { program, worker, handlers, accounts, log }: Started) {
    this.#ledger = ledger
    this.#random = random
    this.#program = program
    this.worker = worker
    this.#handlers = handlers
    this.#accounts = accounts
    this.#log = log
    const { requests, replies } = program.descriptors
    this.#client = new Client(
      new Socket({ fd: requests, readable: false, writable: true }),
      new Socket({ fd: replies, readable: true, writable: false }),
    )
  }

  /** Starts the worker in a folder of its own and waits until it answers. */
  static async start(folder: string, ledger: Ledger, random: Random): Promise<Piped> {
    const [accounts, log] = [join(folder, 'accounts'), join(folder, 'extauth.log')]
    mkdirSync(folder)
    await makeRoot(accounts)
    const handlers = new HandlersFile(folder, accounts)
    const command = `${process.execPath} ${join(packageRoot(), 'dist', 'cli.js')} --handlers ${handlers.path}`
    // As the example has it, and as Erlang runs it.
    const line = `exec sh -c '${command} --timeout ${TIMEOUT} --log-file ${log} || sleep 2'`
    const program = new PipedProgram(makePipes(folder), ['/bin/sh', '-c', line])
    const worker = await until('the worker on pipes', () =>
      descendants(program.pid).find(({ argv }) => argv.includes(handlers.path)),
    )
    const piped = new Piped(ledger, random, { program, worker: worker.pid, handlers, accounts, log })
    await piped.#ask(piped.#edition())
    return piped
  }

  /** Asks one question after the other, so many in a second, until the time is over. */
  async traffic(rate: number): Promise<void> {
    let due = performance.now()
    let [lateAt, hashAt] = [0, 0]
    while (!this.#ledger.isOver) {
      if (this.#ledger.now - lateAt >= LATE_EVERY) {
        lateAt = this.#ledger.now
        await this.#ask(lateQuestion(), false)
      }
      if (this.#random.oneIn(500)) await this.#burst()
      const takesHash = this.#ledger.now - hashAt >= HASH_EVERY
      await this.#ask((takesHash ? hashQuestion : question)(this.#random, this.#truth))
      if (takesHash) hashAt = this.#ledger.now
      due = Math.max(due + 1000 / rate, performance.now() - 1000)
      if (due > performance.now()) await pause(due - performance.now())
    }
  }

  /** Moves the log away, edits the handlers module, sometimes with a slip, and waits until the new one counts. */
  async reload(): Promise<void> {
    const isSpoilt = this.reloads++ % 3 === 1
    const moved = `${this.#log}.1`
    renameSync(this.#log, moved)
    if (isSpoilt) this.#handlers.spoil()
    else this.#handlers.mend()
    kill(this.worker, 'SIGHUP')
    if (isSpoilt) {
      await this.#logged('event=handlers_not_loaded')
      await this.#ask(this.#edition()) // those from before are still in use
      this.#handlers.mend()
    }
    await until('the new handlers', async () => (await this.#says(this.#edition())) === REPLY.yes)
    complainOfErrors(this.#ledger, 'the worker on pipes', moved, isExpected)
    rmSync(moved)
  }

  /** Asks for every account, ends the worker, and looks at what it has left. */
  async end(): Promise<void> {
    for (const name of NAMES) {
      await this.#ask(existence(name, this.#truth))
      const password = this.#truth.get(name)
      if (password !== undefined) await this.#ask(loginQuestion(name, password, this.#truth))
    }
    await this.#client.close()
    await this.#program.ended()
    if (isAlive(this.worker)) this.#ledger.complain('the worker on pipes has not ended with its input')
    complainOfErrors(this.#ledger, 'the worker on pipes', this.#log, isExpected)
    if (!readFileSync(this.#log, 'utf8').includes(' event=ended ')) {
      this.#ledger.complain('the worker on pipes has not ended in good order')
    }
    const there = [...listAccounts(this.#accounts)].map(({ user, server }) => `${user}@${server}`)
    const expected = [...this.#truth.keys()].map((user) => `${user}@${HOSTS.store}`)
    if (there.sort().join() !== expected.sort().join()) {
      this.#ledger.complain(
        `the store on pipes has ${there.length} accounts, not the ${expected.length} right ones`,
      )
    }
    for (const path of unfinishedIn(this.#accounts)) this.#ledger.complain(`${path} was left behind`)
  }

  /** Ends it, whatever state it is in. */
  dispose(): void {
    for (const { pid } of descendants(this.#program.pid)) kill(pid)
    if (isAlive(this.#program.pid)) kill(this.#program.pid)
  }

  async #burst(): Promise<void> {
    const questions = this.#random.list(BURST, () => instantQuestion(this.#random))
    await Promise.all(questions.map((each) => this.#ask(each, false)))
  }

  async #ask({ kind, body, reply, then }: Question, isTimed = true): Promise<void> {
    const start = performance.now()
    const said = (await this.#client.exchange(body)).toString('hex')
    const took = performance.now() - start
    if (said !== REPLY[reply]) {
      const shown = body.toString('latin1').slice(0, 100)
      this.#ledger.wrongAnswer(`on pipes: ${JSON.stringify(shown)} is answered ${said}, not ${REPLY[reply]}`)
      return
    }
    then?.()
    this.#ledger.right(`pipes: ${kind}`, isTimed ? took : undefined)
  }

  async #says({ body }: Question): Promise<string> {
    return (await this.#client.exchange(body)).toString('hex')
  }

  #edition(): Question {
    const user = editionUser(this.#handlers.edition)
    return { kind: 'instant', body: body('isuser', user, HOSTS.instant), reply: 'yes' }
  }

  #logged(word: string): Promise<unknown> {
    return until(word, () => existsSync(this.#log) && readFileSync(this.#log, 'utf8').includes(word))
  }
}

interface Started {
  readonly program: PipedProgram
  readonly worker: number
  readonly handlers: HandlersFile
  readonly accounts: string
  readonly log: string
}

/** What our own handlers throw, and what we have spoilt. */
function isExpected(line: string): boolean {
  return (
    line.includes(' user=thrower ') ||
    line.includes(' user=never ') ||
    line.includes(' event=handlers_not_loaded ')
  )
}
