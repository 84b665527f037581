#!/usr/bin/env node
/**
 * The entry: starts the program, and stands in for it where the installation is broken.
 *
 * It is tiny and imports nothing of ours before it can catch what goes wrong there: a program that ends soon after
 * its start takes group chat and web logins of the whole ejabberd with it.
 *
 * @module
 */

/** How often the stand-in looks whether the installation is whole again, in milliseconds. */
const RETRY_AFTER = 3000
/** The exit status of a program that could not start, and of nothing else that serves. */
const CANNOT_START = 3
/** Set for the child of a stand-in, which shall not stand in once more: what the parent could not start for. */
const TOLD = 'EJABBERD_EXTAUTH_TOLD'

const args = process.argv.slice(2)
const exit = process.exit.bind(process)
const told = process.env[TOLD]
delete process.env[TOLD]

try {
  const { leave, main } = await import('./main.ts')
  const status = await main(args)
  end(() => leave(exit, status))
} catch (error) {
  const cause = error instanceof Error ? error.message : String(error)
  const reason = `cannot start: ${cause} (Node.js ${process.version}, 20.19 or newer is needed)`
  const serving = args[0] !== 'call' && args[0] !== 'account' && !process.stdin.isTTY
  if (!serving) process.stderr.write(`ejabberd-extauth ${reason}\n`)
  else if (reason !== told) await log(reason)
  if (serving && told === undefined) standIn(reason)
  else exit(CANNOT_START)
}

/** Lets what was written reach its reader, but does not wait for a reader of the log that has stalled. */
function end(leave: () => void): void {
  if (Object.is(process.stdout, process.stderr)) setTimeout(leave, 1000)
  // What could not be written is told a tick later.
  setImmediate(() => process.stdout.write('', () => process.stderr.write('', leave)))
}

/** Says it where the program would have, as far as that can be found out without its code. */
async function log(reason: string): Promise<void> {
  const line = `time=${new Date().toISOString()} level=error event=broken_installation reason=${JSON.stringify(reason)}\n`
  process.stderr.write(line)
  const at = args.findIndex((arg) => /^--log-file(=|$)/.test(arg))
  const file = args[at]?.slice('--log-file='.length) || args[at + 1]
  try {
    if (at < 0 || file === undefined) return
    // At the top it would load parts of Node.js, `fs.promises` and streams of files, that a whole installation may not need.
    const { appendFileSync } = await import('node:fs')
    appendFileSync(file, line)
  } catch {
    // Standard error has it.
  }
}

/** Answers "failed" to every frame until the program can be started: 00 02 00 02, or 00 02 00 00 with --strict. */
function standIn(reason: string): void {
  const { stdin, stdout } = process
  const reply = Buffer.of(0, 2, 0, args.includes('--strict') ? 0 : 2)
  let pending = Buffer.alloc(0)
  stdin.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
      pending = pending.subarray(2 + pending.readUInt16BE())
      stdout.write(reply)
    }
    if (!stdout.writableNeedDrain) return
    stdin.pause()
    stdout.once('drain', () => stdin.resume())
  })
  const finish = () => stdout.write('', () => exit(1))
  stdin.on('end', finish).on('error', finish)
  stdout.on('error', () => exit(1))
  process.on('SIGHUP', () => {}) // nothing to load anew, and no reason to end
  setTimeout(function attempt() {
    const retry = () => setTimeout(attempt, RETRY_AFTER)
    // Between two frames nothing is lost when somebody else goes on reading.
    if (pending.length > 0 || stdout.writableLength > 0) {
      retry()
      return
    }
    stdin.pause()
    const goOn = () => {
      stdin.resume()
      retry()
    }
    // Where there is no memory for a process, it is not an event that says so.
    handOver(reason, goOn).catch(goOn)
  }, RETRY_AFTER)
}

/** Leaves standard input and output to a program of its own: there is no way for this process to become it. */
async function handOver(reason: string, onFailure: () => void): Promise<void> {
  const { spawn } = await import('node:child_process') // 3 ms that a whole installation does not need
  const command = [...process.execArgv, process.argv[1] ?? '', ...args]
  const program = spawn(process.execPath, command, {
    stdio: 'inherit',
    env: { ...process.env, [TOLD]: reason },
  })
  const forward = (signal: NodeJS.Signals) => program.kill(signal)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, forward)
  const fail = () => {
    for (const signal of signals) process.off(signal, forward)
    onFailure()
  }
  program.on('error', fail)
  program.on('exit', (status) => (status === CANNOT_START ? fail() : exit(status ?? 1)))
}
