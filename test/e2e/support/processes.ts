import { readdirSync, readFileSync } from 'node:fs'

/** A process as /proc shows it. */
export interface Process {
  pid: number
  parent: number
  /** The command line; empty for a process that has ended and was not waited for. */
  argv: string[]
}

/** Every process of this machine. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => read(Number(name)))
}

/** The children of a process, their children, and so on. */
export function descendants(pid: number, all: Process[] = processes()): Process[] {
  const children = all.filter(({ parent }) => parent === pid)
  return [...children, ...children.flatMap((child) => descendants(child.pid, all))]
}

/** Is there a process with this number that has not ended? */
export function isAlive(pid: number): boolean {
  return read(pid).length > 0
}

/** Ends a process, unless it has ended by itself in the meantime. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function read(pid: number): Process[] {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    // The second field, the name, may hold anything; what follows its last parenthesis is well-formed.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return state === 'Z' ? [] : [{ pid, parent: Number(parent), argv }]
  } catch {
    return [] // it has ended since its name was read
  }
}
