import assert from 'node:assert/strict'
import { type Edit, replace } from '../../e2e/support/configuration.ts'
import type { Fault } from '../support/fault.ts'
import { POOL, type Stage } from '../support/stage.ts'

/** `ejabberdctl reload_config`, and nothing has changed. */
export const reloaded: Fault = {
  ...reload(
    'ejabberd reloads the same configuration',
    (text) => text,
    (text) => text,
  ),
  unnoticed: true,
}

/** ejabberd ends one program, and starts one. */
export const resized: Fault = reload(
  'ejabberd reloads a smaller pool, and the former one',
  (text) => replace(text, size(POOL), size(POOL - 1)),
  (text) => replace(text, size(POOL - 1), size(POOL)),
)

/** ejabberd ends all programs, by closing their input, and starts others. */
export const rewritten: Fault = reload(
  'ejabberd reloads another line for the program, and the former one',
  (text, { program }) => replace(text, ` ${program} `, ` ${program} --timeout 6 `),
  (text, { program }) => replace(text, ` ${program} --timeout 6 `, ` ${program} `),
)

/** An administrator stops ejabberd and starts it again. */
export const restarted: Fault = restart('ejabberd is restarted', (stage) => stage.ejabberd.stop())

/** The kernel kills ejabberd, and something starts it again. */
export const crashed: Fault = restart('ejabberd is killed and started', (stage) => stage.ejabberd.crash())

function size(pool: number): string {
  return `extauth_pool_size: ${pool}`
}

function reload(title: string, change: Edit, back: Edit): Fault {
  let isReloaded = false
  const apply = async (stage: Stage, edit: Edit) => {
    stage.ejabberd.configure(edit)
    const { status, stdout } = await stage.ejabberd.ctl('reload_config')
    assert.equal(status, 0, stdout)
  }
  return {
    title,
    lasts: 4000,
    async begin(stage) {
      await apply(stage, change)
      isReloaded = true
    },
    felt: () => isReloaded,
    async end(stage) {
      if (isReloaded) await apply(stage, back)
      isReloaded = false
    },
  }
}

function restart(title: string, stop: (stage: Stage) => Promise<void>): Fault {
  return {
    title,
    lasts: 1000,
    begin: stop,
    felt: ({ crowd }) => crowd.story.count('right password', 'nothing') > 0,
    end: ({ ejabberd }) => ejabberd.start(),
  }
}
