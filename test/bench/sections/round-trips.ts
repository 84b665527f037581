import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { atMost, type Effort, type Goal, type Measured, panel } from '../report.ts'
import type { RoundTrip } from '../round-trips.ts'

/** One request at a time, both ends on one core. */
export async function roundTrips({ core, quick }: Effort): Promise<Measured> {
  const script = fileURLToPath(new URL(`../round-trips${import.meta.url.slice(-3)}`, import.meta.url))
  const [rounds, calls] = quick ? [3, 500] : [20, 2000]
  const args = ['-c', core, process.execPath, script, String(rounds), String(calls)]
  const times = JSON.parse(execFileSync('taskset', args, { encoding: 'utf8' })) as Record<string, RoundTrip>
  const values = Object.entries(times).map(([name, { median, p99, processor }]) => [
    name,
    { 'median, us': median, '99th percentile, us': p99, 'processor time, us': processor },
  ])
  const of = (quantity: 'median' | 'processor') =>
    Object.fromEntries(Object.entries(times).map(([name, time]) => [name, time[quantity]]))
  return {
    values: Object.fromEntries(values),
    goals: goals(times),
    panels: [
      panel('One request at a time, both ends on one core', 'us', 'less', of('median')),
      panel('Processor time for such a request', 'us', 'less', of('processor')),
    ],
  }
}

function goals({ ours, C, 'naive Node.js': naive }: Record<string, RoundTrip>): Goal[] {
  if (ours === undefined) return []
  const toC = C && [
    atMost(1.6, 'median, ours to C', ours.median, C.median),
    atMost(2.5, 'processor time, ours to C', ours.processor, C.processor),
  ]
  const toNaive = naive && [
    atMost(1, 'processor time, ours to naive Node.js', ours.processor, naive.processor),
  ]
  return [...(toC ?? []), ...(toNaive ?? [])]
}
