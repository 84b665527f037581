import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { within } from './wait.ts'

/** What a finished command leaves behind. */
export interface Finished {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a command to its end, with `input` as its standard input. */
export async function run(
  command: string,
  args: string[],
  { input = '', ...options }: SpawnOptionsWithoutStdio & { input?: string } = {},
): Promise<Finished> {
  const child = spawn(command, args, options)
  child.stdin.on('error', () => {}) // a command that does not read its input is no error
  child.stdin.end(input)
  const finished = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  try {
    const [[status], stdout, stderr] = await within(`${command} ${args.join(' ')}`, finished, {
      milliseconds: 60_000,
    })
    return { status, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() }
  } finally {
    child.kill('SIGKILL')
  }
}
