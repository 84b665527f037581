import { programs } from '../programs.ts'
import { atMost, column, type Effort, type Measured, panel } from '../report.ts'
import { measureStarts } from '../starts.ts'

/** From the start of a program to its first reply. */
export async function start({ folder, quick }: Effort): Promise<Measured> {
  const times = await measureStarts(folder, programs(folder), quick ? 3 : 21)
  const { ours = Number.NaN, 'node -e 0': nothing = Number.NaN, 'Python sample': python } = times
  return {
    values: column('first reply, ms', times),
    goals: [
      atMost(1.25, 'ours to node -e 0', ours, nothing),
      ...(python === undefined ? [] : [atMost(1, 'ours to Python', ours, python)]),
    ],
    panels: [panel('From the start to the first reply', 'ms', 'less', { ours, ...times })],
  }
}
