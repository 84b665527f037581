import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { within } from '../../e2e/support/wait.ts'
import type { Fault } from '../support/fault.ts'

/** Long enough for every client to do something, in milliseconds. */
const A_WHILE = 6000

/** No room for another block. */
export const full: Fault = {
  title: 'the disk is full',
  unnoticed: true,
  lasts: A_WHILE,
  begin: ({ disk }) => disk.fill(),
  felt: (stage) => stage.heard(/ENOSPC/),
  end: ({ disk }) => disk.clear(),
}

/** What was begun can be neither finished nor tidied up. */
export const readOnly: Fault = {
  title: 'the disk is read-only',
  unnoticed: true,
  lasts: A_WHILE,
  begin: ({ disk }) => disk.makeWritable(false),
  felt: (stage) => stage.heard(/EROFS/),
  end: ({ disk }) => disk.makeWritable(true),
  leaves: true,
}

/** What was written does not get to the disk, and the programs are told so. */
export const failing: Fault = {
  ...tampered('fsync:error=EIO'),
  title: 'the disk cannot be flushed',
  unnoticed: true,
  felt: (stage) => stage.heard(/EIO/),
}

/** Every look at a file, and everything that is written, takes a while; logins and writes still come to an end. */
export const slow: Fault = {
  ...tampered('openat,fsync,rename:delay_enter=200ms'),
  title: 'the disk is slow: each call takes 0.2 s',
  unnoticed: true,
  felt: ({ crowd }) => crowd.story.slowest('change password') > 1000,
}

/** A flush takes longer than a request may, so that clients are told that it failed while it is under way. */
export const stuck: Fault = {
  ...tampered('fsync:delay_enter=8s', 14_000),
  title: 'the disk is stuck: a flush takes 8 s',
  felt: (stage) => stage.heard(/operation=setpass.*no answer within/),
}

/** What strace does to system calls of each program that runs when the fault begins. */
function tampered(injection: string, lasts = A_WHILE): Pick<Fault, 'lasts' | 'begin' | 'end'> {
  let tracer: ChildProcess | undefined
  return {
    lasts,
    async begin(stage) {
      const [calls] = injection.split(':') as [string]
      const pids = (await stage.workers()).flatMap((pid) => ['-p', String(pid)])
      const args = ['-f', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${injection}`, ...pids]
      tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
      await within('strace to attach', attached(tracer, pids.length / 2))
    },
    async end() {
      if (tracer === undefined || tracer.exitCode !== null) return
      tracer.kill('SIGINT')
      await within('strace to end', once(tracer, 'exit'))
    },
  }
}

async function attached(tracer: ChildProcess, count: number): Promise<void> {
  let said = ''
  for await (const chunk of tracer.stderr ?? []) {
    said += chunk
    if ((said.match(/ attached/g) ?? []).length >= count) return void tracer.stderr?.resume()
  }
  throw new Error(`strace: ${said}`)
}
