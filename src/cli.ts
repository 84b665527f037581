#!/usr/bin/env node
/**
 * The entry: starts the program, and stands in for it where the installation is broken.
 *
 * It is tiny and imports nothing of ours before it can catch what goes wrong there: a program that ends soon after
 * its start takes group chat and web logins of the whole ejabberd with it.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** How often the stand-in looks whether the installation is whole again, in milliseconds. */
const RETRY_AFTER = 3000

const args = process.argv.slice(2)
const exit = process.exit.bind(process)

try {
  const { main } = await import('./main.ts')
  end(await main(args))
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  const node = `Node.js ${process.version}, 20.19 or newer is needed`
  process.stderr.write(`ejabberd-extauth cannot start: ${reason} (${node})\n`)
  const serving = args[0] !== 'call' && args[0] !== 'account' && !process.stdin.isTTY
  if (serving) standIn()
  else exit(3)
}

/** Lets what was written reach its reader, but does not wait for a reader of the log that has stalled. */
function end(status: number): void {
  if (Object.is(process.stdout, process.stderr)) setTimeout(exit, 1000, status)
  process.stdout.write('', () => process.stderr.write('', () => exit(status)))
}

/** Answers "failed" to every frame until the program can be started: 00 02 00 02, or 00 02 00 00 with --strict. */
function standIn(): void {
  const { stdin, stdout } = process
  const reply = Buffer.of(0, 2, 0, args.includes('--strict') ? 0 : 2)
  let pending = Buffer.alloc(0)
  stdin.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
      pending = pending.subarray(2 + pending.readUInt16BE())
      stdout.write(reply)
    }
  })
  stdin.on('end', () => exit(1))
  stdout.on('error', () => exit(1))
  const retry = setInterval(() => {
    start(['--version'], 'ignore').on('exit', (status) => {
      // Between two frames nothing is lost when somebody else goes on reading.
      if (status !== 0 || pending.length > 0 || stdin.destroyed) return
      clearInterval(retry)
      handOver()
    })
  }, RETRY_AFTER)
}

/** Leaves standard input and output to a whole program; there is no way for this process to become it. */
function handOver(): void {
  const program = start(args, 'inherit')
  process.stdin.removeAllListeners('end').destroy()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => program.kill(signal))
  program.on('exit', (status) => exit(status ?? 1))
}

function start(programArgs: readonly string[], stdio: 'inherit' | 'ignore'): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...programArgs], { stdio })
}
