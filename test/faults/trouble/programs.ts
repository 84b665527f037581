import { readFileSync } from 'node:fs'
import { isAlive, kill, type Process } from '../../e2e/support/processes.ts'
import type { Fault } from '../support/fault.ts'
import { POOL, type Stage } from '../support/stage.ts'

/**
 * Between two rounds of killing, in milliseconds. ejabberd's supervisor of a pool survives as many deaths in a second
 * as the pool has programs. A program that is killed alone cannot exceed that: its launcher sleeps two seconds.
 */
const ROUND = 3000

/** Two rounds. */
const A_WHILE = 5000

/** So many programs get a signal that ends them, in rounds. */
export function killed(count: number, signal: 'SIGTERM' | 'SIGKILL', every = ROUND): Fault {
  const fault = deaths(count, `by ${signal}`, every, (programs) => {
    for (const { pid } of programs) kill(pid, signal)
  })
  return { ...fault, leaves: signal === 'SIGKILL', unnoticed: count === 1 }
}

/** So many programs are killed with their launchers, as the kernel does to a whole group when memory runs out. */
export function killedWithLaunchers(count: number): Fault {
  return deaths(count, 'by SIGKILL, with the launcher', ROUND, (programs) => {
    for (const { pid, parent } of programs) {
      kill(parent)
      kill(pid)
    }
  })
}

function deaths(count: number, how: string, every: number, strike: (programs: Process[]) => void): Fault {
  let first: Process[] = []
  let rounds: NodeJS.Timeout
  return {
    title: `killed: ${some(count)} ${how}, every ${every / 1000} s`,
    lasts: A_WHILE,
    begin(stage) {
      // From the other end than those that are stopped: a signal waits for these to go on.
      const choose = () => stage.ejabberd.workers().slice(-count)
      first = choose()
      strike(first)
      rounds = setInterval(() => strike(choose()), every)
    },
    end: () => clearInterval(rounds),
    felt: () => !first.some(({ pid }) => isAlive(pid)),
    leaves: true,
  }
}

/** So many programs stand still, and go on. */
export function stopped(count: number, lasts: number): Fault {
  let victims: number[] = []
  return {
    title: `stopped: ${some(count)}, for ${lasts / 1000} s`,
    lasts,
    unnoticed: true,
    async begin(stage: Stage) {
      victims = (await stage.workers()).slice(0, count)
      for (const pid of victims) kill(pid, 'SIGSTOP')
    },
    felt: () => victims.every((pid) => isStopped(pid)),
    end() {
      for (const pid of victims) kill(pid, 'SIGCONT')
    },
  }
}

function isStopped(pid: number): boolean {
  if (!isAlive(pid)) return false // another fault has killed it
  // In small letters if a tracer holds it.
  return /^State:\t[Tt]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

function some(count: number): string {
  return count === POOL ? 'all programs' : count === 1 ? 'one program' : `${count} programs`
}
