import { readdirSync } from 'node:fs'
import { memoryOf } from '../bench/pipes.ts'
import type { Ledger } from './ledger.ts'
import { partOf } from './schedule.ts'

/** What a process holds; memory in MiB. */
export interface Holding {
  readonly resident: number
  readonly privateDirty: number
  readonly descriptors: number
  readonly threads: number
}

/** What one worker held in the parts of the run that are compared. */
export interface Watched {
  readonly name: string
  readonly pid: number
  readonly early: Holding[]
  readonly end: Holding[]
}

/** Looks at workers from time to time. */
export class Watch {
  readonly workers: readonly Watched[]
  readonly #ledger: Ledger
  readonly #gone = new Set<number>()
  readonly #last = new Map<number, Holding>()

  constructor(ledger: Ledger, workers: readonly { name: string; pid: number }[]) {
    this.#ledger = ledger
    this.workers = workers.map((worker) => ({ ...worker, early: [], end: [] }))
  }

  /** Looks once, if the moment is one of those that are compared; complains of workers that are gone. */
  look(): void {
    const part = partOf(this.#ledger.schedule, this.#ledger.now)
    for (const worker of this.workers) {
      try {
        const holding = holdingOf(worker.pid)
        this.#last.set(worker.pid, holding)
        if (part !== undefined) worker[part].push(holding)
      } catch {
        if (!this.#gone.has(worker.pid)) this.#ledger.complain(`${worker.name} has ended`)
        this.#gone.add(worker.pid)
      }
    }
  }

  /** What was resident when it was looked last. */
  summary(): string {
    return `resident MiB: ${[...this.#last.values()].map(({ resident }) => resident.toFixed(0)).join(' ')}`
  }
}

function holdingOf(pid: number): Holding {
  const count = (what: string) => readdirSync(`/proc/${pid}/${what}`).length
  return { ...memoryOf(pid), descriptors: count('fd'), threads: count('task') }
}
