/** A process that is watched, or killed at one of its system calls, by strace. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { within } from '../../e2e/support/wait.ts'
import { findProgram } from '../../servers/support/daemon.ts'

/** One call to the operating system, as strace shows it. */
export interface SystemCall {
  readonly thread: number
  readonly name: string
  /** How many of this name the thread had made before, this one included. */
  readonly nth: number
  /** The arguments and the result, with the paths of the file descriptors. */
  readonly text: string
}

/** Every call that takes a path or a file descriptor. */
const FILES = '%file,%desc'

/** Writes down what all threads of a process, or one of them, ask of the operating system from now on. */
export function watch(pid: number, file: string): Promise<Strace> {
  return Strace.attach(['-f', '-p', String(pid)], file)
}

/** Kills the process of a thread when the thread makes this call, which is not carried out any more. */
export function killAt({ name, nth }: SystemCall, thread: number, file: string): Promise<Strace> {
  return Strace.attach(['-p', String(thread), '-e', `inject=${name}:signal=KILL:when=${nth}`], file)
}

/** A strace that is attached. It ends with the process. */
export class Strace {
  readonly #process: ChildProcess
  readonly #file: string

  private constructor(process: ChildProcess, file: string) {
    this.#process = process
    this.#file = file
  }

  static async attach(args: readonly string[], file: string): Promise<Strace> {
    const strace = findProgram('strace', '/usr/bin/strace')
    const options = ['-y', '-s', '4096', '-e', `trace=${FILES}`, '-o', file]
    const process = spawn(strace, [...options, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    const attached = new Promise<void>((resolve, reject) => {
      process.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('attached')) resolve()
      })
      process.on('error', reject)
      process.on('exit', () => reject(new Error(`strace cannot watch: ${said}`)))
    })
    await within('strace to attach', attached, { evidence: () => said })
    return new Strace(process, file)
  }

  /** What the process has asked for until its end. */
  async calls(): Promise<readonly SystemCall[]> {
    const { exitCode, signalCode } = this.#process
    if (exitCode === null && signalCode === null) await within('strace to end', once(this.#process, 'exit'))
    return existsSync(this.#file) ? parse(readFileSync(this.#file, 'utf8')) : []
  }
}

/** The second half of a call that another thread came between says nothing new: `<... fsync resumed>) = 0`. */
function parse(trace: string): SystemCall[] {
  const made = new Map<string, number>()
  return trace.split('\n').flatMap((text) => {
    const [, thread = '0', name] = /^(?:(\d+) +)?([a-z0-9_]+)\(/.exec(text) ?? []
    if (name === undefined) return []
    const nth = (made.get(`${thread} ${name}`) ?? 0) + 1
    made.set(`${thread} ${name}`, nth)
    return [{ thread: Number(thread), name, nth, text }]
  })
}
