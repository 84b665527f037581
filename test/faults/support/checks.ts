import assert from 'node:assert/strict'
import { lutimesSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { kill } from '../../e2e/support/processes.ts'
import type { Actor } from './actor.ts'
import type { Fault } from './fault.ts'
import type { State } from './ledger.ts'
import { programs } from './remains.ts'
import { POOL, type Stage } from './stage.ts'
import type { Story } from './story.ts'

/** How many clients log in at the same time while the accounts are checked. */
const AT_ONCE = 8

/** For how long (ms) what is on its way may still take to end when the fault has ended and the clients are quiet. */
const QUIET = 40_000

/**
 * A right password that was not taken was not taken for wrong: ejabberd has one word for both, but the journal does
 * not say "refused". An account whose former attempts were cut off may still be answering those.
 */
export function assertNothingRefused(stage: Pick<Stage, 'journal'>, story: Story): void {
  for (const { user, from, to } of story.refusals) {
    const outcomes = stage.journal.outcomes('auth', user, from, to).map(({ outcome }) => outcome)
    assert.ok(
      !outcomes.includes('refused'),
      `${user}: the right password was refused\n${stage.journal.text(from, to)}`,
    )
  }
}

/**
 * The supervisor above those of the pools has not given up: group chat, BOSH and the logins of all hosts would go with
 * it, for good, and the one above it would report that. That of a pool may give up: a pool that is killed at a blow has
 * as many deaths in a second as it may have.
 */
export function assertCalm({ ejabberd }: Pick<Stage, 'ejabberd'>): void {
  assert.ok(!ejabberd.log().includes('{local,ejabberd_sup}'), ejabberd.evidence())
}

/** As many programs and launchers as before, none given up, nothing left open, no file left behind but by those that were killed. */
export async function assertNothingRemains(stage: Stage, fault: Pick<Fault, 'leaves'>): Promise<void> {
  await stage.workers()
  const isNew = (path: string) => !stage.leftBefore.includes(path)
  const found = () => ({
    programs: programs(stage.ejabberd).length,
    processes: stage.ejabberd.processes().length,
    descriptors: Math.max(stage.descriptors, ...stage.census()),
    temporaryFiles: stage.temporaryFiles(),
    unfinished: fault.leaves ? [] : stage.unfinished().filter(isNew),
  })
  const expected = {
    programs: POOL,
    processes: stage.processes,
    descriptors: stage.descriptors,
    temporaryFiles: [],
    unfinished: [],
  }
  const isQuiet = () => JSON.stringify(found()) === JSON.stringify(expected)
  await stage.until('nothing to remain', isQuiet, QUIET).catch((error) => {
    assert.deepEqual(found(), expected)
    throw error
  })
}

/** What killed programs left is swept up in time; here by making it old. Call it when every account is settled. */
export async function assertSwept(stage: Stage): Promise<void> {
  const left = stage.unfinished()
  if (left.length === 0) return
  const old = new Date(Date.now() - ABANDONED)
  for (const path of left) lutimesSync(path, old, old)
  // What lies beside a password goes with the next change of that password ...
  for (const path of left) {
    const actor = stage.crowd.actors.find(({ account }) => account.user === basename(dirname(path)))
    const [password] = actor?.account.possible ?? []
    if (typeof password === 'string') await actor?.change(password)
  }
  // ... and where accounts are made, with the first that a new program makes.
  for (const pid of await stage.workers()) kill(pid, 'SIGTERM')
  await stage.sweeper.register()
  const [password] = stage.sweeper.account.possible
  await stage.sweeper.remove(String(password))
  assert.deepEqual(stage.unfinished(), [])
}

/** Older than any write that is under way may be, in milliseconds; see src/accounts/leftovers.ts. */
const ABANDONED = 11 * 60_000

/** Every account is what its client was told: in the store, and for whoever logs in. */
export async function assertToldIsTrue(stage: Stage): Promise<void> {
  const position = stage.journal.position()
  const waiting = [...stage.crowd.actors]
  const work = async () => {
    for (let actor = waiting.pop(); actor !== undefined; actor = waiting.pop()) await settle(stage, actor)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const failures = stage.journal
    .text(position)
    .split('\n')
    .filter((line) => line.includes('outcome=failed'))
  assert.deepEqual(failures, [], 'when the fault is over, nothing fails')
}

async function settle(stage: Stage, actor: Actor): Promise<void> {
  const { account } = actor
  const stored = await stage.stored(account.user)
  if (!account.isTouched) {
    if (stored !== actor.stored) throw account.violation('another hash in the store, though nobody wrote')
    return
  }
  const taken: State[] = []
  for (const state of account.possible) {
    if (state !== null && (await actor.visit(state))) taken.push(state)
  }
  const found = taken[0] ?? null
  actor.stored = stored
  if (taken.length > 1) throw account.violation(`it takes ${taken.length} passwords`)
  if (found === null && stored !== undefined) throw account.violation('it takes none of these')
  account.settle(found)
  if (found !== null && stored === undefined) throw account.violation('there is nothing in the store')
  await actor.tryFormer()
}
