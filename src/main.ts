/**
 * Arguments to command to exit status.
 *
 * @module
 */
import type { Io } from './commands/io.ts'
import { run } from './commands/run.ts'
import { ExtauthError, UsageError } from './errors.ts'
import { reasonOf } from './reason.ts'
import { version } from './version.ts'

export { leave } from './leave.ts'

/**
 * Runs the command that the arguments name. Never rejects.
 *
 * Whatever is not the name of another command is `run`, mistakes included: ejabberd may have made the call, and
 * then the program has to stay.
 *
 * @param args The arguments behind the program's name.
 * @returns The exit status: 0 allowed or done, 1 refused, 2 wrong arguments, 3 failed.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args
  if (first === 'call' || first === 'account') return runForPeople(first, rest)
  if (first === '--help' || first === '-h' || first === 'help') return printHelp()
  if (first === '--version' || first === '-V') return printVersion()
  return run(first === 'run' ? rest : args)
}

async function runForPeople(name: 'call' | 'account', args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return printHelp()
  const io = standardStreams(name === 'call')
  try {
    const command =
      name === 'call'
        ? (await import('./commands/call.ts')).call
        : (await import('./commands/account.ts')).account
    return await command(args, io)
  } catch (error) {
    const usage = error instanceof UsageError
    io.stderr.write(`ejabberd-extauth: ${error instanceof ExtauthError ? error.message : reasonOf(error)}\n`)
    if (usage) io.stderr.write('All commands and options: ejabberd-extauth --help\n')
    return usage ? 2 : 3
  }
}

/** The standard streams; that nobody reads any more ends the process, quietly if somebody has read enough. */
function standardStreams(statusIsAnswer = false): Io {
  const { stdin, stdout, stderr } = process
  const exit = process.exit.bind(process)
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `account list | head` is no fault.
    if (error.code === 'EPIPE') return statusIsAnswer ? undefined : exit(0)
    return stderr.write(`ejabberd-extauth: Cannot write to standard output: ${error.message}\n`, () =>
      exit(3),
    )
  })
  return { stdin, stdout, stderr }
}

async function printHelp(): Promise<number> {
  const { help } = await import('./commands/help.ts')
  standardStreams().stdout.write(help())
  return 0
}

function printVersion(): number {
  standardStreams().stdout.write(`${version()}\n`)
  return 0
}
