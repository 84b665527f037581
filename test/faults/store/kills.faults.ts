/** Processes that work on the same accounts are killed at random moments, again and again. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryStore } from '../../accounts/support.ts'
import { Random, seedOf } from '../../fuzz/random.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'
import { Belief } from './belief.ts'
import { type Deed, KEEPER, Worker } from './load.ts'

/** For a long run: `KILLS=100000 node --test build/test/faults/store/kills.faults.js`. */
const KILLS = Number(process.env['KILLS'] ?? 1000)
/** Says again what each process does and how long it lives, but not when the machine lets it. */
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))

/** After so many kills all stop, and what they have done is looked at. */
const ROUND = 50
/** So many processes are killed and started anew all the time, and others work on until the end of the round. */
const VICTIMS = 3
const SURVIVORS = 1
/** The longest life of a victim, in milliseconds. */
const LIFE = 40
/** Few accounts, so that each of them is worked on when somebody is killed. */
const POPULATION = 8

test(`${KILLS} kills at random moments leave every account as it was or as it was to be`, async (t) => {
  t.diagnostic(`SEED=${SEED}`)
  const siege = await Siege.begin(t)
  for (let kills = 0; kills < KILLS; kills += ROUND) await siege.round(Math.min(ROUND, KILLS - kills))
  t.diagnostic(siege.summary())
  assert.ok(siege.swept > 0, 'something was cut off in the middle')
})

class Siege {
  readonly #directory: string
  readonly #belief: Belief
  readonly #alive = new Set<Worker>()
  readonly #cut = new Map<string, number>()
  #started = 0
  #done = 0
  /** How many leftovers of killed processes were swept up. */
  swept = 0

  private constructor(directory: string, t: TestContext) {
    this.#directory = directory
    this.#belief = new Belief(directory, POPULATION)
    t.after(() => {
      for (const worker of this.#alive) worker.kill()
    })
  }

  static async begin(t: TestContext): Promise<Siege> {
    const store = await temporaryStore(t)
    await store.create(KEEPER.user, KEEPER.server, cheapHash(KEEPER.password))
    return new Siege(store.directory, t)
  }

  /** Kills so many, then all, and looks at what they have done. */
  async round(kills: number): Promise<void> {
    const survivors = await Promise.all(Array.from({ length: SURVIVORS }, () => this.#start()))
    const deeds: Deed[] = []
    let left = kills
    const besiege = async () => {
      while (left-- > 0) {
        const { worker, random } = await this.#start()
        await pause(random.below(LIFE))
        deeds.push(...(await this.#kill(worker)))
      }
    }
    await Promise.all(Array.from({ length: VICTIMS }, besiege))
    for (const { worker } of survivors) deeds.push(...(await this.#kill(worker)))
    await this.#belief.assertPossible(deeds)
    this.swept += await this.#belief.assertSwept()
    this.#done += deeds.length
  }

  /** One line for people. */
  summary(): string {
    const cut = [...this.#cut].map(([kind, count]) => `${count} in the middle of a ${kind}`)
    return `${this.#done} operations; killed: ${cut.join(', ')}; ${this.swept} leftovers swept up`
  }

  /** Each process has random numbers of its own: which of them draws first is for the machine to say. */
  async #start(): Promise<{ worker: Worker; random: Random }> {
    const number = this.#started++
    const random = new Random(seedOf(SEED, number))
    const load = { name: `p${number}`, seed: random.below(2 ** 32), population: POPULATION }
    const worker = await Worker.start(this.#directory, load)
    this.#alive.add(worker)
    worker.begin()
    return { worker, random }
  }

  async #kill(worker: Worker): Promise<Deed[]> {
    worker.kill()
    const { ending, deeds } = await worker.ended()
    this.#alive.delete(worker)
    assert.equal(ending, 'SIGKILL', 'no process ended by itself')
    const last = deeds.at(-1)
    if (last?.result === undefined) this.#count(last?.kind ?? 'start')
    return deeds
  }

  #count(kind: string): void {
    this.#cut.set(kind, (this.#cut.get(kind) ?? 0) + 1)
  }
}
