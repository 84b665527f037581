import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Client } from '../../src/client.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { NEITHER, NO, YES } from '../helpers/wire.ts'

/** The program as it is shipped. */
export const PROGRAM: string = join(packageRoot(), 'dist', 'cli.js')

/** Long enough for a busy machine; only a failure takes so long. */
const PATIENCE = 20_000

/** Replies as hex, for comparing. */
export const REPLY = { yes: YES, no: NO, neither: NEITHER } as const

export { temporaryFolder } from '../helpers/files.ts'
export { frames } from '../helpers/wire.ts'

/** Writes a handlers module whose default export is the given expression. */
export function writeHandlers(folder: string, expression: string, name = 'handlers.mjs'): string {
  const file = join(folder, name)
  writeFileSync(file, `export default ${expression}\n`)
  return file
}

/** A running program, the other end of its pipes, and what it logs. */
export class Running {
  readonly process: ChildProcess
  readonly client: Client
  #log = ''

  constructor(process: ChildProcess, t: TestContext) {
    const { stdin, stdout, stderr } = process
    if (stdin === null || stdout === null || stderr === null) throw new Error('Expected pipes')
    this.process = process
    this.client = new Client(stdin, stdout, { timeout: PATIENCE }, process)
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    t.after(() => process.kill('SIGKILL'))
  }

  get log(): string {
    return this.#log
  }

  /** Waits until the log matches. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(PATIENCE)
    for (;;) {
      const match = pattern.exec(this.#log)
      if (match !== null) return match
      if (this.process.stderr?.readableEnded) throw new Error(`Expected ${pattern} in the log:\n${this.#log}`)
      await once(this.process.stderr ?? this.process, 'data', { signal }).catch(() => {
        throw new Error(`Expected ${pattern} in the log:\n${this.#log}`)
      })
    }
  }

  /** Waits for the end and returns the exit status, or the name of the signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const { process } = this
    if (process.exitCode === null && process.signalCode === null) {
      await once(process, 'exit', { signal: AbortSignal.timeout(PATIENCE) })
    }
    return process.exitCode ?? process.signalCode
  }
}

/** Starts the program, or a command, with pipes. */
export function start(
  t: TestContext,
  args: readonly string[],
  options: SpawnOptions & { file?: string } = {},
): Running {
  const { file = PROGRAM, ...rest } = options
  return new Running(spawn(file, args, { ...rest, stdio: ['pipe', 'pipe', 'pipe'] }), t)
}

/** What a program that was given all its input at once has written, and how it ended. */
export interface Result {
  readonly stdout: Buffer
  readonly stderr: string
  readonly status: number | NodeJS.Signals | null
}

/** Runs a program to its end. */
export async function finish(
  file: string,
  args: readonly string[],
  input: Uint8Array = Buffer.alloc(0),
  options: SpawnOptions = {},
): Promise<Result> {
  const child = spawn(file, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('Expected pipes')
  stdin.on('error', () => {}) // a program may end before it has read all
  stdin.end(input)
  const [out, err] = await Promise.all([stdout.toArray(), stderr.toArray(), once(child, 'exit')])
  return {
    stdout: Buffer.concat(out),
    stderr: Buffer.concat(err).toString(),
    status: child.exitCode ?? child.signalCode,
  }
}
