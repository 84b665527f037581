import { programs } from '../programs.ts'
import { atLeast, column, type Effort, type Measured, panel } from '../report.ts'
import { measureThroughput } from '../throughput.ts'

/** Requests that wait in the pipe. */
export async function throughput({ folder, quick }: Effort): Promise<Measured> {
  // The naive one takes a chunk for a frame, and loses the order when a frame is cut.
  const { 'naive Node.js': _, ...commands } = programs(folder)
  const work = quick ? { rounds: 1, requests: 40_000 } : { rounds: 5, requests: 2_000_000 }
  const rates = await measureThroughput(folder, commands, work)
  const { ours = Number.NaN, C, 'Python sample': python } = rates
  return {
    values: column('requests/s', rates),
    goals: [
      ...(C === undefined ? [] : [atLeast(2, 'ours to C', ours, C)]),
      ...(python === undefined ? [] : [atLeast(3, 'ours to Python', ours, python)]),
    ],
    panels: [panel('Requests that wait in the pipe', 'requests/s', 'more', rates)],
  }
}
