import { median } from '../bench/measure.ts'
import type { Times } from './ledger.ts'
import type { Holding, Watched } from './watch.ts'

/**
 * What a worker may hold more at the end, in MiB. The heap of Node.js breathes by some MiB, and goes on growing for a
 * while: compiled code and its statistics, and the passwords that were verified (450 bytes each). A leak of 100 bytes
 * for each question of an hour on pipes is several times as much.
 */
export const MEMORY = 16
/** Node.js never frees a module that was imported: what each time costs, in MiB, with room to spare. */
export const MEMORY_OF_A_RELOAD = 0.1
/** What takes as long as the machine is busy: a hash that we make ourselves. */
export const CONTROL = 'control: a hash of our own'
/**
 * Latency is told; only what is so many times as long, and so many milliseconds longer, is held against us. If the
 * control is slower, too, it is the machine that has more to do.
 */
export const SLOWER = { times: 3, by: 5 }

/** Without answers of these kinds nothing is proven. */
const NEEDED = ['pipes: instant', 'ejabberd: login']

/** What was there in the early part of a run, and at its end. */
export interface Compared {
  readonly early: number
  readonly end: number
}

/** One worker, compared. */
export type ComparedWorker = { readonly name: string } & Readonly<Record<keyof Holding, Compared>>

/** Answers of one kind, compared, in milliseconds. */
export interface ComparedTimes {
  readonly kind: string
  readonly answers: Compared
  readonly median: Compared
  readonly p99: Compared
}

/** The least that was seen in each part: hashes in hand and garbage come on top of it, and a leak is below them. */
export function compareWorker({ name, early, end }: Watched): ComparedWorker {
  const least = (what: keyof Holding): Compared => ({ early: leastOf(early, what), end: leastOf(end, what) })
  return {
    name,
    resident: least('resident'),
    privateDirty: least('privateDirty'),
    descriptors: least('descriptors'),
    threads: least('threads'),
  }
}

/** How long answers of one kind took. */
export function compareTimes(kind: string, { early, end }: Times): ComparedTimes {
  return {
    kind,
    answers: { early: early.length, end: end.length },
    median: { early: median(early), end: median(end) },
    p99: { early: percentile(early), end: percentile(end) },
  }
}

/** Everything that has grown more than it may, in words. */
export function faultsOf(
  workers: readonly ComparedWorker[],
  times: readonly ComparedTimes[],
  reloads: number,
): string[] {
  const most = MEMORY + reloads * MEMORY_OF_A_RELOAD
  const control = times.filter(isComparable).find(({ kind }) => kind === CONTROL)
  const load = control === undefined ? 1 : Math.max(1, control.median.end / control.median.early)
  const missing = NEEDED.filter((kind) => !times.some((each) => each.kind === kind && isComparable(each)))
  return [
    ...missing.map((kind) => `${kind}: cannot be compared, there were no answers`),
    ...workers.flatMap((worker) => growthOf(worker, most)),
    ...times.filter(isComparable).flatMap((each) => slownessOf(each, load)),
  ]
}

function isComparable({ answers }: ComparedTimes): boolean {
  return answers.early > 0 && answers.end > 0
}

function growthOf({ name, ...held }: ComparedWorker, most: number): string[] {
  const allowed: Record<keyof Holding, number> = {
    resident: most,
    privateDirty: most,
    descriptors: 0,
    threads: 0,
  }
  return (Object.keys(allowed) as (keyof Holding)[]).flatMap((what) => {
    const { early, end } = held[what]
    // What was never seen has not been found to be good.
    if (end - early <= allowed[what]) return []
    return `${name}: ${what} grew from ${early.toFixed(1)} to ${end.toFixed(1)}, by more than ${allowed[what].toFixed(1)}`
  })
}

function slownessOf({ kind, median: { early, end } }: ComparedTimes, load: number): string[] {
  if (end <= Math.max(SLOWER.times * load * early, early + SLOWER.by)) return []
  return [`${kind}: the median grew from ${early.toFixed(2)} to ${end.toFixed(2)} ms`]
}

function leastOf(holdings: readonly Holding[], what: keyof Holding): number {
  return holdings.length === 0 ? Number.NaN : Math.min(...holdings.map((holding) => holding[what]))
}

function percentile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
}
