import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isAlive } from '../../e2e/support/processes.ts'
import type { Gate } from '../../helpers/gate.ts'
import type { Fault } from '../support/fault.ts'
import { descriptors } from '../support/remains.ts'
import type { Stage } from '../support/stage.ts'

/**
 * No program can open another file: the limit is where its next descriptor would be. Those that have connections lose
 * them at the gate, and get none in their place.
 */
export function exhausted(gate?: () => Gate): Fault {
  const former = new Map<number, string>()
  return {
    title: 'file descriptors are exhausted',
    lasts: 6000,
    async begin(stage) {
      for (const pid of await stage.workers()) {
        former.set(pid, softLimit(pid))
        limit(stage, pid, String(nextDescriptor(pid, gate === undefined ? /./ : /^(?!socket:)/)))
      }
      gate?.().reset()
    },
    felt: (stage) => stage.heard(/EMFILE/),
    end(stage) {
      for (const [pid, soft] of former) if (isAlive(pid)) limit(stage, pid, soft)
      former.clear()
    },
  }
}

/** The lowest number without a descriptor that is one of these, as /proc shows what it is. */
function nextDescriptor(pid: number, these: RegExp): number {
  const open = new Set(descriptors(pid).flatMap(({ number, what }) => (these.test(what) ? [number] : [])))
  let next = 0
  while (open.has(next)) next++
  return next
}

function softLimit(pid: number): string {
  const [, soft] = /^Max open files +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? []
  if (soft === undefined) throw new Error(`no limit of open files for process ${pid}`)
  return soft
}

/** As the user that the programs run as: to change the limits of others takes more than being root in a container. */
function limit({ ejabberd }: Stage, pid: number, soft: string): void {
  const { ids } = ejabberd.installation.account
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`], { ...ids, stdio: 'pipe' })
}
