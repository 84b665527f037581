import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { atMost, type Effort, type Measured, panel } from '../report.ts'
import type { RoundTrip } from '../round-trips.ts'

/** One request at a time, both ends on one core. */
export async function roundTrips({ quick }: Effort): Promise<Measured> {
  const script = fileURLToPath(new URL(`../round-trips${import.meta.url.slice(-3)}`, import.meta.url))
  const [rounds, calls] = quick ? [3, 500] : [20, 2000]
  const args = ['-c', '0', process.execPath, script, String(rounds), String(calls)]
  const measured = JSON.parse(execFileSync('taskset', args, { encoding: 'utf8' })) as Record<
    string,
    RoundTrip
  >
  const { ours, C, 'naive Node.js': naive } = measured
  const figures = Object.entries(measured).flatMap(([name, { median, p99, processor }]) => [
    { name: `${name}: median`, value: median, unit: 'us' },
    { name: `${name}: 99th percentile`, value: p99, unit: 'us' },
    { name: `${name}: processor time`, value: processor, unit: 'us' },
  ])
  if (ours && C) {
    figures.push(atMost(1.6, 'median, ours to C', ours.median, C.median))
    figures.push(atMost(2.5, 'processor time, ours to C', ours.processor, C.processor))
  }
  if (ours && naive) {
    figures.push(atMost(1, 'processor time, ours to naive Node.js', ours.processor, naive.processor))
  }
  const of = (quantity: 'median' | 'processor') =>
    Object.fromEntries(Object.entries(measured).map(([name, times]) => [name, times[quantity]]))
  return {
    figures,
    panels: [
      panel('One request at a time, both ends on one core: median', 'us', 'less', of('median')),
      panel('Processor time for each of these requests', 'us', 'less', of('processor')),
    ],
  }
}
