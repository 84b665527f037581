/** Processes that work on the accounts of a store, and what they were told. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import type { Handlers } from '../../../src/handlers.ts'
import type { Operation } from '../../accounts/history.ts'
import { finished, start } from '../../accounts/support.ts'
import { withPassword } from '../../backends/contract.ts'
import { within } from '../../e2e/support/wait.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'

/** The server that they work on. */
export const SERVER = 'example.org'

/** An account on another server that is never touched. */
export const KEEPER = { user: 'keeper', server: 'other.example', password: 'for keeper' } as const

/** What a process does. */
export type Kind = Operation['kind']

/** What a process notes before it does something. */
export interface Begun {
  readonly user: string
  readonly kind: Kind
  readonly password: string
  readonly begin: number
}

/** What it notes afterwards. */
export interface Ended {
  readonly result: boolean | string | null
  readonly end: number
}

/** One operation, and the password whose hash was written or tried. */
export interface Deed extends Operation {
  readonly password: string
}

/** The name of one of the accounts. */
export function userName(number: number): string {
  return `user${number}`
}

/** Logs the keeper in. What is verified last is what a user who does not exist costs, and this takes no time. */
export async function assertKeeper({ auth }: Required<Handlers>): Promise<void> {
  const request = withPassword('auth', KEEPER.user, KEEPER.password)
  assert.equal(await auth({ ...request, server: KEEPER.server }), true)
}

/** How a process works. */
export interface Load {
  readonly name: string
  readonly seed: number
  readonly population: number
  /** How many operations it does; until it is killed if left out. */
  readonly operations?: number
}

/** A process that is ready to begin. */
export class Worker {
  readonly #process: ChildProcess
  readonly #notes: string
  readonly #ended: ReturnType<typeof finished>

  private constructor(process: ChildProcess, notes: string) {
    this.#process = process
    this.#notes = notes
    this.#ended = finished(process)
  }

  /** Starts one, and waits until it is ready. Its notes are beside the store until it has ended. */
  static async start(directory: string, load: Load): Promise<Worker> {
    const { name, seed, population, operations = 0 } = load
    const notes = `${directory}-${name}`
    const file = openSync(notes, 'w')
    const args = [directory, name, ...[seed, population, operations].map(String)]
    const child = start('../faults/store/load-process', args, { stdio: ['pipe', 'pipe', 'inherit', file] })
    closeSync(file)
    const worker = new Worker(child, notes)
    assert.ok(child.stdout)
    await within('a process to be ready', Promise.race([once(child.stdout, 'data'), worker.#ended]))
    return worker
  }

  begin(): void {
    this.#process.stdin?.end('begin')
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Waits for its end, and tells how it ended and what it did. */
  async ended(): Promise<{ ending: number | string | null; deeds: Deed[] }> {
    const { code, signal } = await within('a process to end', this.#ended, { milliseconds: 300_000 })
    const deeds = readNotes(readFileSync(this.#notes, 'utf8'), Number(process.hrtime.bigint()))
    rmSync(this.#notes)
    return { ending: signal ?? code, deeds }
  }
}

/** What was begun and not ended had happened by the time of the death, or never happens. */
function readNotes(text: string, death: number): Deed[] {
  const notes: (Begun & Partial<Ended>)[] = []
  // A line that is cut off was not written: what begins there did not begin.
  for (const line of text.split('\n').slice(0, -1)) {
    const note: Begun | Ended = JSON.parse(line)
    if ('begin' in note) notes.push(note)
    else Object.assign(notes.at(-1) ?? {}, note)
  }
  return notes.map((note) => ({ end: death, ...note, hash: cheapHash(note.password) }))
}
