/** A pool of workers under a real ejabberd, asked by chat clients. */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { listAccounts } from '../../src/accounts/listing.ts'
import { type Edit, HOST, replace } from '../e2e/support/configuration.ts'
import { type Ejabberd, startEjabberd } from '../e2e/support/ejabberd.ts'
import { kill } from '../e2e/support/processes.ts'
import type { Random } from '../fuzz/random.ts'
import type { Ledger } from './ledger.ts'
import { complainOfErrors, unfinishedIn } from './leftovers.ts'
import { TIMEOUT } from './piped.ts'
import { Visitor } from './visits.ts'

/** As many workers as the example has. */
const WORKERS = 5
/** So many clients come at the same time, and each has so many names. */
const CLIENTS = 4
const NAMES = 6

/** All clients come from one address, register all the time, and are wrong on purpose. */
const forStrangers: Edit = (text) =>
  replace(
    replace(text, 'c2s_max_auth_failures: 10', 'c2s_max_auth_failures: 1000000'),
    'registration_timeout: 60 ',
    'registration_timeout: infinity ',
  )

const withMoreTime: Edit = (text, { programLog }) =>
  replace(text, ` --log-file ${programLog} `, ` --timeout ${TIMEOUT} --log-file ${programLog} `)

/** The server, its workers, and its visitors. */
export class Pool {
  readonly workers: readonly number[]
  reloads = 0
  readonly #ejabberd: Ejabberd
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #visitors: readonly Visitor[]

  private constructor(ejabberd: Ejabberd, workers: readonly number[], ledger: Ledger, random: Random) {
    this.#ejabberd = ejabberd
    this.workers = workers
    this.#ledger = ledger
    this.#random = random
    this.#visitors = Array.from({ length: CLIENTS }, (_, client) => {
      const names = Array.from({ length: NAMES }, (_, index) => `user${client}-${index}`)
      return new Visitor(ejabberd, ledger, random, names)
    })
  }

  /** Starts ejabberd and waits for all of its workers. */
  static async start(ledger: Ledger, random: Random): Promise<Pool> {
    const ejabberd = await startEjabberd({ edits: [forStrangers, withMoreTime] })
    try {
      await ejabberd.addAccount('admin', HOST, 'makes the store')
      return new Pool(ejabberd, await pidsOf(ejabberd), ledger, random)
    } catch (error) {
      await ejabberd.dispose()
      throw error
    }
  }

  /** Lets clients come until the time is over, so many in a second. */
  async traffic(rate: number): Promise<void> {
    await Promise.all(
      this.#visitors.map(async (visitor) => {
        while (!this.#ledger.isOver) {
          const due = performance.now() + (2 * CLIENTS * this.#random.below(1000)) / rate
          await visitor.visit()
          if (due > performance.now()) await pause(due - performance.now())
        }
      }),
    )
  }

  /** Moves the log away, and waits until each worker has loaded its handlers anew. */
  async reload(): Promise<void> {
    this.reloads++
    const { programLog } = this.#ejabberd.installation.places
    const moved = `${programLog}.1`
    renameSync(programLog, moved)
    for (const pid of this.workers) kill(pid, 'SIGHUP')
    await this.#ejabberd.until('every worker to load its handlers anew', () => {
      const log = existsSync(programLog) ? readFileSync(programLog, 'utf8') : ''
      return log.split(' event=handlers_loaded').length > WORKERS
    })
    complainOfErrors(this.#ledger, 'a worker of ejabberd', moved)
    rmSync(moved)
  }

  /** Looks whether everything is as it was left, ends ejabberd, and looks at what is left of its workers. */
  async end(): Promise<void> {
    await Promise.all(this.#visitors.map((visitor) => visitor.lookAround()))
    if ((await pidsOf(this.#ejabberd)).join() !== this.workers.join()) {
      this.#ledger.complain('ejabberd has had to start a worker anew')
    }
    await this.#ejabberd.stop() // throws if a worker outlives it
    const { accounts, programLog } = this.#ejabberd.installation.places
    complainOfErrors(this.#ledger, 'a worker of ejabberd', programLog)
    const there = [...listAccounts(accounts, HOST)].map(({ user }) => user)
    const expected = ['admin', ...this.#visitors.flatMap(({ truth }) => [...truth.keys()])]
    if (there.sort().join() !== expected.sort().join()) {
      this.#ledger.complain(
        `the store of ejabberd has ${there.length} accounts, not the ${expected.length} right ones`,
      )
    }
    for (const path of unfinishedIn(accounts)) this.#ledger.complain(`${path} was left behind`)
  }

  /** Ends it, whatever state it is in. */
  dispose(): Promise<void> {
    return this.#ejabberd.dispose()
  }
}

async function pidsOf(ejabberd: Ejabberd): Promise<number[]> {
  const pids = () => ejabberd.workers().map(({ pid }) => pid)
  return await ejabberd.until(`${WORKERS} workers`, () => pids().length === WORKERS && pids().sort())
}
