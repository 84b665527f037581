import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { giveTo } from './account.ts'
import { type Edit, withHandlers } from './configuration.ts'
import { type Installation, install } from './installation.ts'
import { descendants, kill, type Process, processes } from './processes.ts'
import { type Finished, run } from './run.ts'
import { until, within } from './wait.ts'

/** Starts an ejabberd of its own, with the example as configuration, and waits until it answers. */
export async function startEjabberd({ edits = [], handlers }: Variant = {}): Promise<Ejabberd> {
  const ejabberd = new Ejabberd(await install())
  try {
    if (handlers !== undefined) ejabberd.configure(withHandlers(ejabberd.write('handlers.js', handlers)))
    for (const edit of edits) ejabberd.configure(edit)
    await ejabberd.start()
  } catch (error) {
    await ejabberd.dispose()
    throw error
  }
  return ejabberd
}

/** How a test's ejabberd differs from the example. */
export interface Variant {
  edits?: Edit[]
  /** The source of a handlers module, which lies in `handlers.js` and takes the place of the account store. */
  handlers?: string
}

/** One ejabberd on loopback, with everything that belongs to it in one temporary folder. */
export class Ejabberd {
  readonly installation: Installation
  #server: ChildProcess | undefined

  constructor(installation: Installation) {
    this.installation = installation
  }

  /** Changes the configuration file; a running server sees it at the next `reload_config` or `start`. */
  configure(edit: Edit): void {
    const { configuration, places } = this.installation
    writeFileSync(configuration, edit(readFileSync(configuration, 'utf8'), places))
  }

  /** Writes a file into the server's folder, readable for ejabberd, and gives its path. */
  write(name: string, content: string): string {
    const { account, folder } = this.installation
    const file = join(folder, name)
    writeFileSync(file, content)
    giveTo(account, file)
    return file
  }

  /** Starts the server and waits until it accepts clients. */
  async start(): Promise<void> {
    const { account, ejabberdctl, environment, folder, places } = this.installation
    rmSync(this.#logFile, { force: true }) // a line of the last start must not be taken for one of this
    const output = openSync(join(folder, 'output'), 'a')
    const options = { ...account.ids, cwd: folder, env: environment, detached: true } as const
    const server = spawn(ejabberdctl, ['foreground'], { ...options, stdio: ['ignore', output, output] })
    closeSync(output)
    this.#server = server
    endOnSignals()
    process.once('exit', this.#killGroup)
    const ended = once(server, 'exit').then(([status]) => {
      throw new Error(`ejabberd ended with status ${status}\n${this.evidence()}`)
    })
    // ejabberd opens its ports when everything else has started.
    const { c2s, http } = places.ports
    const started = this.until(
      'ejabberd to accept clients',
      async () => (await accepts(c2s)) && (await accepts(http)),
    )
    await Promise.race([started, ended])
    ended.catch(() => {}) // from here on its end is what stop() waits for
  }

  /** Stops the server the way an administrator does and sees to it that no process is left. */
  async stop(): Promise<void> {
    if (this.#server === undefined) return
    await this.ctl('stop')
    await this.ended()
  }

  /** Kills the server as the kernel does when memory runs out. */
  async crash(): Promise<void> {
    const { pid } = this.#running('beam.smp')
    kill(pid)
    await this.ended()
  }

  /** Waits until the server has ended; throws if it does not, or if a process of ours outlives it. */
  async ended(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    try {
      if (server.exitCode === null && server.signalCode === null) {
        await within('ejabberd to end', once(server, 'exit'), { evidence: this.evidence })
      }
      await this.until('the programs to end with ejabberd', () => this.processes().length === 0)
    } finally {
      this.#killGroup()
      for (const { pid } of this.processes()) kill(pid)
      process.off('exit', this.#killGroup)
      this.#server = undefined
    }
  }

  /** Stops the server and removes its folder. */
  async dispose(): Promise<void> {
    try {
      await this.stop()
    } finally {
      rmSync(this.installation.folder, { recursive: true })
    }
  }

  /** Runs an `ejabberdctl` command on this server. */
  ctl(...args: string[]): Promise<Finished> {
    const { account, ejabberdctl, environment, folder } = this.installation
    return run(ejabberdctl, args, { ...account.ids, cwd: folder, env: environment })
  }

  /** Runs the program by hand, as the system account that ejabberd runs as. */
  program(args: string[], input = ''): Promise<Finished> {
    const { account, environment, folder, places } = this.installation
    return run(places.program, args, { ...account.ids, cwd: folder, env: environment, input })
  }

  /** Makes an account with `ejabberd-extauth account add`. */
  async addAccount(user: string, server: string, password: string): Promise<void> {
    const args = ['account', 'add', '--accounts', this.installation.places.accounts, '--', user, server]
    const { status, stderr } = await this.program(args, `${password}\n`)
    if (status !== 0) throw new Error(`account add ${user} ${server}: status ${status}: ${stderr}`)
  }

  /** The running programs: the processes of node that ejabberd talks to, not the shells in between. */
  workers(): Process[] {
    const server = this.#server?.pid
    if (server === undefined) return []
    const { program } = this.installation.places
    return descendants(server).filter(({ argv }) => argv[1] === program)
  }

  /** Every process that belongs to this server, whoever its parent is by now. */
  processes(): Process[] {
    const { folder } = this.installation
    return processes().filter(({ argv }) => argv.some((argument) => argument.includes(folder)))
  }

  /** What ejabberd has logged since it was started. */
  log(): string {
    return readIfThere(this.#logFile)
  }

  /** Takes the ban of mod_fail2ban from the tests, which fail on purpose more often than an honest address. */
  async unban(): Promise<void> {
    const { status, stdout } = await this.ctl('unban_ip', '127.0.0.1')
    if (status !== 0) throw new Error(`unban_ip: status ${status}: ${stdout}`)
  }

  /** What the programs have logged. */
  programLog(): string {
    return readIfThere(this.installation.places.programLog)
  }

  /** Waits for a condition; a miss shows the logs. */
  until<T>(what: string, condition: Parameters<typeof until<T>>[1], milliseconds = 60_000): Promise<T> {
    return until(what, condition, { milliseconds, evidence: this.evidence })
  }

  /** The last lines of every log, for an error message. */
  readonly evidence = (): string => {
    const output = readIfThere(join(this.installation.folder, 'output'))
    return [`ejabberd.log:\n${lastLines(this.log())}`, `its output:\n${lastLines(output)}`]
      .concat(`log of the program:\n${lastLines(this.programLog())}`)
      .join('\n')
  }

  get #logFile(): string {
    return join(this.installation.folder, 'log', 'ejabberd.log')
  }

  #running(name: string): Process {
    const found = descendants(this.#server?.pid ?? -1).find(({ argv }) => argv[0]?.endsWith(name))
    if (found === undefined) throw new Error(`${name} is not running`)
    return found
  }

  readonly #killGroup = (): void => {
    if (this.#server?.pid !== undefined) kill(-this.#server.pid)
  }
}

/** A signal would end the tests without an `exit` event, and leave ejabberd behind. */
function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    if (!process.listeners(signal).includes(endNow)) process.on(signal, endNow)
  }
}

function endNow(): void {
  process.exit(1)
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const answer = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  return answer.finally(() => socket.destroy())
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-25).join('\n')
}
