/** Programs are killed, or stand still, while fifty clients are at it. */
import { after, before, describe, test } from 'node:test'
import { kill } from '../e2e/support/processes.ts'
import type { Fault } from './support/fault.ts'
import { endure } from './support/run.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage?.close())

let victims: number[] = []
const gone = async () => !(await stage.workers()).some((pid) => victims.includes(pid))

const FAULTS: Fault[] = [
  {
    title: 'one program is killed',
    lasts: 1000,
    async begin() {
      victims = (await stage.workers()).slice(0, 1)
      for (const pid of victims) kill(pid)
    },
    felt: gone,
    kills: true,
  },
]

describe('programs', () => {
  for (const fault of FAULTS) test(fault.title, (t) => endure(stage, t, fault))
})
