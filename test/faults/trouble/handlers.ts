import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { kill } from '../../e2e/support/processes.ts'
import type { Fault } from '../support/fault.ts'
import { POOL, type Stage } from '../support/stage.ts'

/** Somebody makes a mistake in the handlers file and has the programs load it: they go on with what they have. */
export function brokenAtReload(): Fault {
  return breakage({
    title: 'the handlers file is broken, and reloaded',
    begin: (stage) => signalled(stage, 'SIGHUP'),
    unnoticed: true,
  })
}

/** The same, and the programs are ended: those that start then have nothing to go on with. */
export function brokenAtStart(): Fault {
  return breakage({
    title: 'the handlers file is broken, and all programs start anew',
    begin: (stage) => signalled(stage, 'SIGTERM'),
  })
}

/** The file is away when programs start. */
export function goneAtStart(): Fault {
  return {
    ...breakage(
      {
        title: 'the handlers file is away, and all programs start anew',
        begin: (stage) => signalled(stage, 'SIGTERM'),
      },
      (file) => rmSync(file),
    ),
  }
}

function breakage(
  fault: Pick<Fault, 'title' | 'unnoticed'> & { begin: (stage: Stage) => Promise<void> },
  damage: (file: string, stage: Stage) => void = breakFile,
): Fault {
  let whole = ''
  return {
    ...fault,
    lasts: 7000,
    async begin(stage) {
      const file = handlersFile(stage)
      whole = readFileSync(file, 'utf8')
      damage(file, stage)
      await fault.begin(stage)
    },
    // By every program.
    felt: ({ journal, since }) =>
      (journal.text(since).match(/event=handlers_not_loaded/g) ?? []).length >= POOL,
    end: ({ ejabberd }) => void (whole !== '' && ejabberd.write('handlers.js', whole)),
  }
}

function breakFile(file: string, { ejabberd }: Stage): void {
  const content = readFileSync(file, 'utf8')
  ejabberd.write('handlers.js', content.slice(0, content.length / 2))
}

function handlersFile({ ejabberd }: Stage): string {
  return join(ejabberd.installation.folder, 'handlers.js')
}

async function signalled(stage: Stage, signal: NodeJS.Signals): Promise<void> {
  for (const pid of await stage.workers()) kill(pid, signal)
}
