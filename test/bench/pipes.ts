import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from './programs.ts'

const REPLY_LENGTH = 4

/** Two pipes, by the descriptors of their ends. What `spawn` calls a pipe is a pair of sockets: these have names. */
export interface Pipes {
  readonly requests: Pipe
  readonly replies: Pipe
}

interface Pipe {
  readonly reader: number
  readonly writer: number
}

/** Makes two pipes in a folder; nothing of them is left there. */
export function makePipes(folder: string): Pipes {
  return { requests: makePipe(folder), replies: makePipe(folder) }
}

function makePipe(folder: string): Pipe {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  // Opened for both first: a named pipe keeps whoever opens it waiting for the other end.
  const held = openSync(path, 'r+')
  const pipe = { reader: openSync(path, 'r'), writer: openSync(path, 'w') }
  closeSync(held)
  rmSync(path)
  return pipe
}

/**
 * A program at the other end of two pipes, as ejabberd starts it; they are written and read without an event loop, as
 * nothing else is to be measured.
 */
export class PipedProgram {
  readonly #child: ChildProcess
  readonly #requests: number
  readonly #replies: number
  readonly #reply = Buffer.alloc(REPLY_LENGTH)

  /** Where the start is what is measured, the pipes are there already. */
  constructor({ requests, replies }: Pipes, [file, ...args]: Command) {
    this.#requests = requests.writer
    this.#replies = replies.reader
    this.#child = spawn(file, args, { stdio: [requests.reader, replies.writer, 'ignore'] })
    closeSync(requests.reader)
    closeSync(replies.writer)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The descriptors of our ends. */
  get descriptors(): { requests: number; replies: number } {
    return { requests: this.#requests, replies: this.#replies }
  }

  /** Writes a frame and waits for its reply; says whether it was yes. */
  ask(frame: Buffer): boolean {
    return this.reply(frame) === 1
  }

  /** Writes a frame and waits for its reply: 1 for yes, 0 for no, anything else if it could not find out. */
  reply(frame: Buffer): number {
    writeSync(this.#requests, frame)
    let read = 0
    while (read < REPLY_LENGTH) {
      const got = readSync(this.#replies, this.#reply, read, REPLY_LENGTH - read, null)
      if (got === 0) throw new Error('the program has ended')
      read += got
    }
    return this.#reply.readUInt16BE(2)
  }

  /** Ends the input and waits for the program's end. */
  async end(): Promise<void> {
    closeSync(this.#requests)
    await this.ended()
    closeSync(this.#replies)
  }

  /** Waits for the program's end, once somebody has closed its input. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}

/** What the threads of a process have used of the processor so far, in microseconds. */
export function processorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1000
}

/** What a process holds in memory, in MiB: all that is resident, and what is its own and written to. */
export function memoryOf(pid: number): { resident: number; privateDirty: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1])
  return { resident: kilobytes('Rss') / 1024, privateDirty: kilobytes('Private_Dirty') / 1024 }
}
