/** Fifty clients of a real ejabberd with the account store, and everything around it goes wrong. */
import { after, before, describe, test } from 'node:test'
import { assertOthersLive } from '../e2e/support/whole.ts'
import { endure } from './support/run.ts'
import { openStage, POOL, type Stage } from './support/stage.ts'
import { exhausted } from './trouble/descriptors.ts'
import { failing, full, readOnly, slow, stuck } from './trouble/disk.ts'
import { killed, killedWithLaunchers, stopped } from './trouble/programs.ts'
import { crashed, reloaded, resized, restarted, rewritten } from './trouble/server.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage?.close())

const ONE_BY_ONE = {
  programs: [
    killed(1, 'SIGTERM'),
    killed(1, 'SIGKILL'),
    killed(POOL, 'SIGTERM'),
    killed(POOL, 'SIGKILL'),
    killedWithLaunchers(POOL),
    stopped(1, 7000),
    stopped(POOL, 7000),
  ],
  'the disk of the account store': [full, readOnly, failing, slow, stuck],
  'file descriptors': [exhausted()],
  ejabberd: [reloaded, resized, rewritten, restarted, crashed],
}

for (const [what, faults] of Object.entries(ONE_BY_ONE)) {
  describe(what, () => {
    for (const fault of faults) test(fault.title, (t) => endure(stage, t, fault))
  })
}

const TOGETHER = [
  [full, killed(POOL, 'SIGKILL', 20_000)],
  [slow, stopped(1, 6000), reloaded],
  [readOnly, exhausted(), killed(1, 'SIGKILL')],
  [slow, restarted],
  [full, exhausted(), stopped(2, 6000), killed(1, 'SIGTERM')],
  [stopped(2, 6000), killed(1, 'SIGKILL'), rewritten],
]

describe('together', () => {
  for (const faults of TOGETHER) {
    test(faults.map(({ title }) => title).join(' + '), (t) => endure(stage, t, ...faults))
  }
})

test('after all that, group chat and BOSH work', () => assertOthersLive(stage.ejabberd))
