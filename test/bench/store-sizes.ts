import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeFrame } from '../../src/frame.ts'
import { hashPassword } from '../../src/passwords/registry.ts'
import { microseconds } from './measure.ts'
import { makePipes, PipedProgram } from './pipes.ts'
import { PASSWORD } from './programs.ts'
import { makeStore, removeStore, SERVER, withAccounts } from './stores.ts'

/** What is asked, and of which account: one looked at before, or, in a process that was just started, one that was not. */
export const QUESTIONS = ['isuser', 'auth', 'isuser in a new process', 'auth in a new process'] as const

/** How long each answer took, in microseconds, by what was asked. */
export type Times = Record<(typeof QUESTIONS)[number], number[]>

/** How often. */
export interface Turns {
  /** How often each of the accounts below is asked for. */
  rounds: number
  /** How many accounts are asked for, from all over the store. */
  asked: number
  /** How many processes are started. */
  starts: number
}

/** The program answers it and does not look into the store. */
const NOTHING = encodeFrame('nothing')

/**
 * How long our program takes to find an account in stores of these sizes, which take turns. All accounts have the same
 * hash, as no other is remembered when they log in: what is measured is finding them.
 */
export async function measureSizes(
  folder: string,
  sizes: readonly number[],
  turns: Turns,
): Promise<Map<number, Times>> {
  const hash = await hashPassword(PASSWORD)
  const stores: Store[] = []
  for (const size of sizes) {
    const store = new Store(join(folder, `accounts-${size}`), size)
    stores.push(store)
    await makeStore(store.directory, accounts(size, hash))
  }
  for (let start = 0; start < turns.starts; start++) {
    const inTurn = start % 2 === 0 ? stores : stores.toReversed()
    for (const store of inTurn) await store.askNewProcess(folder)
  }
  for (const store of stores)
    store.program = new PipedProgram(makePipes(folder), withAccounts(store.directory))
  for (let round = -2; round < turns.rounds; round++) {
    for (let account = 0; account < turns.asked; account++) {
      for (const store of stores)
        store.ask(Math.floor(((account + 0.5) * store.size) / turns.asked), round >= 0)
    }
    await turn() // signals are heard
  }
  for (const { program, directory, size } of stores) {
    await program?.end()
    await removeStore(directory, users(size))
  }
  return new Map(stores.map(({ size, times }) => [size, times]))
}

function* accounts(size: number, hash: string): Generator<[string, string]> {
  for (const user of users(size)) yield [user, hash]
}

function* users(size: number): Generator<string> {
  for (let number = 0; number < size; number++) yield `user${number}`
}

/** A store with so many accounts, the programs that look into it, and how long they took. */
class Store {
  readonly directory: string
  readonly size: number
  readonly times: Times
  program: PipedProgram | undefined
  #untouched: number

  constructor(directory: string, size: number) {
    this.directory = directory
    this.size = size
    this.times = Object.fromEntries(QUESTIONS.map((question) => [question, []])) as unknown as Times
    this.#untouched = size
  }

  /** The first answers of a new process about accounts that nobody has asked for; the second one knows the hash. */
  async askNewProcess(folder: string): Promise<void> {
    const program = new PipedProgram(makePipes(folder), withAccounts(this.directory))
    program.ask(NOTHING)
    this.times['isuser in a new process'].push(time(program, isUser(--this.#untouched)))
    time(program, auth(--this.#untouched))
    this.times['auth in a new process'].push(time(program, auth(--this.#untouched)))
    await program.end()
  }

  /** Asks the program that stays for an account. */
  ask(number: number, counts: boolean): void {
    if (this.program === undefined) throw new Error('the program is not started')
    const exists = time(this.program, isUser(number))
    const admitted = time(this.program, auth(number))
    if (!counts) return
    this.times.isuser.push(exists)
    this.times.auth.push(admitted)
  }
}

function isUser(number: number): Buffer {
  return encodeFrame(`isuser:user${number}:${SERVER}`)
}

function auth(number: number): Buffer {
  return encodeFrame(`auth:user${number}:${SERVER}:${PASSWORD}`)
}

function time(program: PipedProgram, frame: Buffer): number {
  return microseconds(() => {
    if (!program.ask(frame)) throw new Error('an account that is there was not found')
  })
}
