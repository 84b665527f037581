import { median, quantile } from '../measure.ts'
import { programs } from '../programs.ts'
import { atMost, type Effort, type Measured, panel } from '../report.ts'
import { measureStarts } from '../starts.ts'

/** From the start of a program to its first reply. */
export async function start({ folder, quick }: Effort): Promise<Measured> {
  const times = await measureStarts(folder, programs(folder), quick ? 3 : 51)
  const medians = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
  const { ours = Number.NaN, 'node -e 0': nothing = Number.NaN, 'Python sample': python } = medians
  return {
    values: Object.fromEntries(
      Object.entries(times).map(([name, all]) => [
        name,
        { 'first reply, ms': median(all), '99th percentile, ms': quantile(all, 0.99) },
      ]),
    ),
    goals: [
      atMost(1.25, 'ours to node -e 0', ours, nothing),
      ...(python === undefined ? [] : [atMost(1, 'ours to Python', ours, python)]),
    ],
    panels: [panel('From the start to the first reply', 'ms', 'less', { ours, ...medians })],
  }
}
