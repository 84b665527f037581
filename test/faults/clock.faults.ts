/** Fifty clients of a real ejabberd, and the clock of the programs is set while they are at it. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Edit, replace } from '../e2e/support/configuration.ts'
import type { Fault } from './support/fault.ts'
import { endure } from './support/run.ts'
import { openStage, POOL, type Stage } from './support/stage.ts'
import { killed } from './trouble/programs.ts'

/** libfaketime shifts the clock of a process by what stands in a file; time that passes, and files, stay as they are. */
const withClockOfItsOwn: Edit = (text, { program }) => {
  const clock = { LD_PRELOAD: libfaketime(), FAKETIME_TIMESTAMP_FILE: join(dirname(program), 'clock') }
  const settings = { ...clock, FAKETIME_NO_CACHE: 1, DONT_FAKE_MONOTONIC: 1, NO_FAKE_STAT: 1 }
  const environment = Object.entries(settings).map(([name, value]) => `${name}=${value} `)
  return replace(text, ` ${program} `, ` ${environment.join('')}${program} `)
}

function libfaketime(): string {
  const libraries = '/usr/lib'
  for (const name of readdirSync(libraries)) {
    const file = join(libraries, name, 'faketime', 'libfaketime.so.1')
    if (name.endsWith('-linux-gnu') && existsSync(file)) return file
  }
  throw new Error('no libfaketime; please run: apt-get install faketime')
}

let stage: Stage
before(async () => {
  stage = await openStage({ edits: [withClockOfItsOwn] })
})
after(() => stage?.close())

/** Sets the clock, as somebody does by hand or as a machine does that has found a time server. */
function set(what: string, days: number): Fault {
  const year = new Date(Date.now() + days * 86_400_000).getUTCFullYear()
  return {
    title: `the clock is set ${what}`,
    lasts: 5000,
    unnoticed: true,
    begin: ({ ejabberd }) => void ejabberd.write('clock', `${days < 0 ? '-' : '+'}${Math.abs(days)}d\n`),
    felt: (stage) => stage.heard(new RegExp(`^time=${year}-.* operation=setpass .*outcome=allowed`, 'm')),
    end: ({ ejabberd }) => void ejabberd.write('clock', '+0\n'),
  }
}

describe('the clock', () => {
  for (const fault of [set('forward by two years', 730), set('back by ten years', -3650)]) {
    test(fault.title, (t) => endure(stage, t, fault))
  }
  test('is set forward while programs are killed', (t) =>
    endure(stage, t, set('forward by two years', 730), killed(POOL, 'SIGKILL', 4000)))
})
