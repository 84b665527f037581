import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { until, within } from '../../e2e/support/wait.ts'

/** Whom a server of the tests runs as: nobody when the tests run as root, otherwise whoever runs them. */
export function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {}
  const id = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A folder of the tests' own in the system's temporary directory, which a server may write to. */
export function makeFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `extauth-${name}-`))
  chmodSync(folder, 0o755)
  const { uid, gid } = unprivileged()
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
  return folder
}

/** Removes such a folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** The first of these files that exists, or an error that says what to install. */
export function findProgram(debianPackage: string, ...files: string[]): string {
  const found = files.find((file) => existsSync(file))
  if (found === undefined) {
    throw new Error(
      `${files.join(' or ')} is missing: apt-get install --no-install-recommends ${debianPackage}`,
    )
  }
  return found
}

/** What to start, and how to see that it answers. */
export interface DaemonOptions {
  command: string
  args: string[]
  folder: string
  env?: NodeJS.ProcessEnv
  /** Resolves to false, or rejects, while the server does not answer. */
  isReady: () => Promise<unknown>
}

/** A server in the foreground, ended by its process id. */
export class Daemon {
  readonly #options: DaemonOptions
  #child: ChildProcess | undefined
  #output = ''

  constructor(options: DaemonOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const { command, args, folder, env, isReady } = this.#options
    const child = spawn(command, args, {
      ...unprivileged(),
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (data: string) => {
        this.#output = (this.#output + data).slice(-5000)
      })
    }
    await until(
      `an answer of ${command}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`${command} has ended: ${this.#output}`)
        try {
          return (await isReady()) !== false
        } catch {
          return false
        }
      },
      { evidence: () => this.#output },
    )
  }

  /** Ends it, and returns when it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill(signal)
    try {
      await within(`the end of ${this.#options.command}`, closed, { evidence: () => this.#output })
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }
}

/** Runs a command of a server's package to its end, as the server's user; rejects with what it said if it failed. */
export async function runCommand(
  command: string,
  args: string[],
  { folder, input = '' }: { folder: string; input?: string },
): Promise<string> {
  const child = spawn(command, args, {
    ...unprivileged(),
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' },
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [[status], out, error] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ])
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${out}${error}`)
  return out
}
