import { cpus } from 'node:os'
import { markdownTable } from '../bench/report.ts'
import type { Ledger } from './ledger.ts'
import type { Span } from './schedule.ts'
import {
  type Compared,
  type ComparedTimes,
  type ComparedWorker,
  compareTimes,
  compareWorker,
  faultsOf,
} from './verdict.ts'
import type { Watch } from './watch.ts'

/** What a soak has found. */
export interface Report {
  readonly minutes: number
  readonly seed: number
  readonly node: string
  readonly processors: number
  readonly answers: number
  readonly wrong: number
  readonly reloads: Reloads
  /** The parts that are compared, in seconds. */
  readonly early: Span
  readonly end: Span
  readonly workers: readonly ComparedWorker[]
  readonly times: readonly ComparedTimes[]
  /** Empty if everything is as it has to be. */
  readonly faults: readonly string[]
}

/** How often handlers were loaded anew. */
export interface Reloads {
  readonly pipes: number
  readonly ejabberd: number
}

/** Compares, and judges. */
export function makeReport(
  ledger: Ledger,
  watch: Watch,
  settings: { minutes: number; seed: number; reloads: Reloads },
): Report {
  const workers = watch.workers.map(compareWorker)
  const times = [...ledger.times].map(([kind, times]) => compareTimes(kind, times)).sort(byKind)
  const seconds = ({ from, to }: Span): Span => ({ from: from / 1000, to: to / 1000 })
  return {
    ...settings,
    node: process.version,
    processors: cpus().length,
    answers: ledger.asked,
    wrong: ledger.wrong,
    early: seconds(ledger.schedule.early),
    end: seconds(ledger.schedule.end),
    workers,
    times,
    faults: [...ledger.complaints, ...faultsOf(workers, times, Math.max(...Object.values(settings.reloads)))],
  }
}

/** For people. */
export function shown(report: Report): string {
  const { answers, wrong, reloads, early, end, workers, times, faults } = report
  const at = ({ from, to }: Span) => `second ${from.toFixed(0)} to ${to.toFixed(0)}`
  return [
    `${answers} answers, ${wrong} of them wrong; handlers loaded anew ${reloads.pipes} times on pipes, ${reloads.ejabberd} times at ejabberd`,
    `compared: ${at(early)}, and ${at(end)}`,
    '',
    markdownTable([
      ['the least of each worker', 'resident, MiB', 'private and written, MiB', 'descriptors', 'threads'],
      ...workers.map(({ name, resident, privateDirty, descriptors, threads }) => [
        name,
        change(resident, 1),
        change(privateDirty, 1),
        change(descriptors, 0),
        change(threads, 0),
      ]),
    ]),
    '',
    markdownTable([
      ['answers', 'number', 'median, ms', '99th percentile, ms'],
      ...times.map(({ kind, answers, median, p99 }) => [
        kind,
        change(answers, 0),
        change(median, 2),
        change(p99, 2),
      ]),
    ]),
    '',
    ...(faults.length === 0
      ? ['nothing has grown, and nothing was wrong']
      : faults.map((fault) => `FAULT ${fault}`)),
  ].join('\n')
}

function change({ early, end }: Compared, digits: number): string {
  return `${early.toFixed(digits)} -> ${end.toFixed(digits)}`
}

function byKind({ kind: one }: ComparedTimes, { kind: other }: ComparedTimes): number {
  return one < other ? -1 : 1
}
