import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Actor } from './actor.ts'
import {
  assertCalm,
  assertNothingRefused,
  assertNothingRemains,
  assertSwept,
  assertToldIsTrue,
} from './checks.ts'
import { type Fault, RECOVERY } from './fault.ts'
import type { Stage } from './stage.ts'
import { Story } from './story.ts'

/** How long a fault may take to be felt, in milliseconds; longer than a request can wait. */
const UNNOTICED = 40_000

/** Brings faults about while the crowd works, ends them, and checks that nothing is wrong then. */
export async function endure(stage: Stage, t: TestContext, ...faults: Fault[]): Promise<void> {
  try {
    stage.leftBefore = stage.unfinished()
    stage.crowd.resume()
    await stage.until('the crowd to be at work', () => stage.crowd.story.total >= 20)
    const { story, hidden } = await suffer(stage, faults)
    const stated = Math.max(...faults.map(({ recovery }) => recovery ?? RECOVERY))
    const took = await recovered(stage, stated)
    t.diagnostic(`meanwhile: ${story}`)
    if (hidden.length > 0) t.diagnostic(`behind the others: ${hidden.join(' + ')}`)
    t.diagnostic(`logins worked ${(took / 1000).toFixed(1)} s after its end (stated: ${stated / 1000} s)`)
    assert.ok(took <= stated)
    await stage.during(stage.crowd.pause())
    if (faults.every(({ unnoticed }) => unnoticed)) assert.deepEqual(story.refusals, [])
    assertCalm(stage)
    assertNothingRefused(stage, story)
    const leaves = faults.some((fault) => fault.leaves)
    await assertNothingRemains(stage, { leaves })
    await assertToldIsTrue(stage)
    if (leaves) await assertSwept(stage)
  } finally {
    await stage.crowd.pause()
  }
}

/** Gives what the crowd was told meanwhile, and the faults that were not felt beside others. */
async function suffer(stage: Stage, faults: readonly Fault[]): Promise<{ story: Story; hidden: string[] }> {
  const story = stage.crowd.renew()
  stage.since = stage.journal.position()
  try {
    for (const fault of faults) await fault.begin(stage)
    await stage.during(pause(Math.max(...faults.map(({ lasts }) => lasts))))
    return { story, hidden: await hiddenOf(stage, faults) }
  } finally {
    for (const fault of faults.toReversed()) await fault.end?.(stage)
  }
}

/**
 * Waits until a fault is felt that is alone. Together one can hide another: programs that are killed all the time do not
 * get as far as to fail. But not all of them can be hidden.
 */
async function hiddenOf(stage: Stage, faults: readonly Fault[]): Promise<string[]> {
  const hidden: string[] = []
  const titles = faults.map(({ title }) => title).join(' + ')
  const isFelt = async () => {
    hidden.length = 0
    for (const { title, felt } of faults) if (!(await felt(stage))) hidden.push(title)
    return hidden.length < faults.length
  }
  await stage.until(`"${titles}" to be felt`, isFelt, UNNOTICED)
  // With ejabberd its log ends, and what stands in it.
  assertCalm(stage)
  return hidden
}

/** Waits until each of the probes has logged in some times without a failure; gives how many milliseconds that took. */
async function recovered(stage: Stage, within: number): Promise<number> {
  const start = performance.now()
  const story = new Story()
  const enter = async (probe: Actor) => {
    probe.story = story
    const [password] = probe.account.possible
    let row = 0
    const isIn = async () => {
      row = (await probe.visit(password as string)) ? row + 1 : 0
      return row === IN_A_ROW
    }
    await stage.until(`${probe.account.user} to log in`, isIn, within)
  }
  await Promise.all(stage.probes.map(enter))
  return performance.now() - start
}

/** So that every program has had its turn: one that still fails does not show in a single login. */
const IN_A_ROW = 4
