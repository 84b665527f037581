import { type Memory, measureMemory } from '../memory.ts'
import { type Command, programs } from '../programs.ts'
import { atMost, count, type Effort, type Measured, panel } from '../report.ts'

const QUANTITIES = { resident: 'resident', privateDirty: 'private and written' } as const

/** A tenth of the requests is enough to warm up; what leaks goes on growing after it. */
const NO_GROWTH = 1.05

/** What a worker holds after its start and after many requests. */
export async function memory({ folder, quick }: Effort): Promise<Measured> {
  const few = quick ? 10_000 : 100_000
  const many = 10 * few
  const command = programs(folder)['ours'] as Command
  const { bare, bareAfter, start, after } = await measureMemory(folder, command, [few, many])
  const [early, late] = [after.get(few) ?? start, after.get(many) ?? start]
  const afterMany = `after ${count(many)} requests`
  const moments: Record<string, Memory> = {
    'bare Node.js': bare,
    [`bare Node.js ${afterMany}`]: bareAfter,
    'ours after the start': start,
    [`ours after ${count(few)} requests`]: early,
    [`ours ${afterMany}`]: late,
  }
  const quantities = Object.entries(QUANTITIES) as [keyof Memory, string][]
  const values = Object.entries(moments).map(([moment, held]) => [
    moment,
    Object.fromEntries(quantities.map(([key, text]) => [`${text}, MiB`, held[key]])),
  ])
  return {
    values: Object.fromEntries(values),
    goals: quantities.flatMap(([key, text]) => [
      atMost(1.2, `${text}, after the start to bare Node.js`, start[key], bare[key]),
      atMost(1.2, `${text}, ${afterMany} to bare Node.js`, late[key], bare[key]),
      atMost(NO_GROWTH, `${text}, ${afterMany} to after a tenth of them`, late[key], early[key]),
    ]),
    panels: [
      panel(`Resident memory ${afterMany}`, 'MiB', 'less', {
        ours: late.resident,
        'bare Node.js, the same': bareAfter.resident,
        'bare Node.js, idle': bare.resident,
      }),
    ],
  }
}
