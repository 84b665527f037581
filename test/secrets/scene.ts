/**
 * The program as ejabberd has it, in a folder that holds all that it may write.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { LOG_LEVELS, type LogLevel } from '../../src/log.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { descendants } from '../e2e/support/processes.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { NO, YES } from '../helpers/wire.ts'
import { PROGRAM, type Running, start } from '../program/support.ts'
import { type Find, Marks } from './marks.ts'

/** Only a failure takes so long, in milliseconds. */
const PATIENCE = 20_000

/** One way to be asked for a log. */
export interface Logging {
  readonly level: LogLevel
  /** Into a file, and not on standard error. */
  readonly toFile: boolean
}

/** Every level, and both places. */
export const LOGGINGS: readonly Logging[] = [
  ...LOG_LEVELS.map((level) => ({ level, toFile: true })),
  { level: 'debug', toFile: false },
]

/** One program, its secrets, and all that it writes. */
export class Scene {
  readonly marks: Marks = new Marks()
  readonly folder: string
  readonly #t: TestContext
  readonly #written: { readonly place: string; readonly bytes: Uint8Array | string }[] = []

  constructor(t: TestContext) {
    this.#t = t
    this.folder = temporaryFolder(t)
    for (const name of ['given', 'home', 'log', 'tmp', 'work']) mkdirSync(this.path(name))
  }

  /** A path that the program may write to; all of them are searched. */
  path(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  /** Writes what the program is given to read; it is not searched. */
  give(name: string, content: string): string {
    const file = this.path('given', name)
    writeFileSync(file, content)
    return file
  }

  /** Lets what is given import this package, and these others. */
  givePackages(...names: readonly string[]): void {
    const modules = this.path('given', 'node_modules')
    mkdirSync(modules)
    symlinkSync(packageRoot(), join(modules, 'ejabberd-extauth'))
    for (const name of names) symlinkSync(join(packageRoot(), 'node_modules', name), join(modules, name))
  }

  /** The environment of a program that leaves what it leaves in the folder. */
  get env(): NodeJS.ProcessEnv {
    const { PATH } = process.env
    return { PATH, HOME: this.path('home'), TMPDIR: this.path('tmp'), LANG: 'C.UTF-8' }
  }

  /** Starts the program as ejabberd does, on pipes and by way of a shell. */
  start(args: readonly string[], { level, toFile }: Logging, options: StartOptions = {}): Running {
    const { program = `'${PROGRAM}'`, env = {} } = options
    const log = toFile ? ['--log-file', this.path('log', 'extauth.log')] : []
    const words = [...args, '--log-level', level, ...log].map((word) => `'${word}'`).join(' ')
    const running = start(this.#t, ['-c', `exec ${program} ${words}`], {
      file: '/bin/sh',
      cwd: this.path('work'),
      env: { ...this.env, ...env },
    })
    this.#keep('standard output', running.process.stdout)
    this.#keep('standard error', running.process.stderr)
    return running
  }

  /** Starts another command, with pipes. */
  spawn(file: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn(file, args, { cwd: this.path('work'), env: this.env })
    this.#t.after(() => child.kill('SIGKILL'))
    this.#keep('standard output', child.stdout)
    this.#keep('standard error', child.stderr)
    return child
  }

  /** Keeps what everybody on the machine can see of a program and its children just now. */
  look({ pid = -1 }: ChildProcess): void {
    for (const each of [pid, ...descendants(pid).map((process) => process.pid)]) {
      for (const name of ['cmdline', 'environ', 'comm', 'status']) {
        try {
          this.add(`/proc/${each}/${name}`, readFileSync(`/proc/${each}/${name}`))
        } catch {
          // It has ended in the meantime.
        }
      }
    }
  }

  /** Says goodbye as ejabberd does, and waits for the end. */
  async end(running: Running): Promise<void> {
    this.look(running.process)
    running.process.stdin?.end()
    await running.ended()
  }

  /** What is in the file of the log. */
  log(): string {
    return readFileSync(this.path('log', 'extauth.log'), 'utf8')
  }

  /** Something more that was written. */
  add(place: string, bytes: Uint8Array | string): void {
    this.#written.push({ place, bytes })
  }

  /** All that was written, by place: what is in files, and what they are called. */
  #all(): readonly (readonly [place: string, bytes: Uint8Array | string])[] {
    const paths = readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).filter(
      (path) => !path.startsWith('given'),
    )
    const files = paths.filter(
      (path) => statSync(this.path(path), { throwIfNoEntry: false })?.isFile() === true,
    )
    return [
      ...this.#written.map(({ place, bytes }) => [place, bytes] as const),
      ...paths.map((path) => [`the name of ${path}`, path] as const),
      ...files.map((path) => [path, readFileSync(this.path(path))] as const),
    ]
  }

  /** Every place where a secret is. */
  search(): readonly Find[] {
    return this.#all().flatMap(([place, bytes]) => this.marks.findIn(place, bytes))
  }

  /** The names of the secrets that are somewhere. */
  found(): readonly string[] {
    return [...new Set(this.search().map(({ secret }) => secret))]
  }

  /** Asserts that no secret is anywhere. */
  assertNothingFound(): void {
    const finds = this.search()
    const told = finds.map(
      ({ secret, place, text }) => `${secret}, in ${place}:\n    ${JSON.stringify(text)}`,
    )
    assert.ok(finds.length === 0, `${finds.length} secrets were written:\n${told.slice(0, 20).join('\n')}`)
  }

  #keep(place: string, stream: NodeJS.ReadableStream | null): void {
    const chunks: Buffer[] = []
    stream?.on('data', (chunk: Buffer | string) => chunks.push(Buffer.from(chunk as string)))
    const written = this.#written
    written.push({
      place,
      get bytes() {
        return Buffer.concat(chunks)
      },
    })
  }
}

/** Asks as ejabberd does, and says what it is told. */
export async function ask(
  running: Running,
  body: string | Uint8Array,
): Promise<'allowed' | 'refused' | 'failed'> {
  const reply = (await running.client.exchange(body)).toString('hex')
  if (reply === YES.slice(4)) return 'allowed'
  return reply === NO.slice(4) ? 'refused' : 'failed'
}

/** Waits until somebody exists, which is when the handlers are loaded. */
export async function untilLoaded(
  running: Running,
  body: string = 'isuser:alice:example.org',
): Promise<void> {
  const end = performance.now() + PATIENCE
  while ((await ask(running, body)) !== 'allowed') {
    if (performance.now() > end) throw new Error(`the handlers do not load:\n${running.log}`)
  }
}

/** How the program is started. */
export interface StartOptions {
  /** As a shell takes it. */
  readonly program?: string
  readonly env?: NodeJS.ProcessEnv
}
