/**
 * Arguments to command to exit status.
 *
 * @module
 */
import type { Io } from './commands/io.ts'
import { ExtauthError, UsageError } from './errors.ts'
import { reasonOf } from './reason.ts'

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
  if (args.includes('--help') || first === '-h' || first === 'help') return printHelp()
  if (args.includes('--version') || first === '-V') return printVersion()
  const { run } = await import('./commands/run.ts')
  return run(first === 'run' ? rest : args)
}

async function runForPeople(name: 'call' | 'account', args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return printHelp()

  const { stdin, stdout, stderr }: Io = process
  // `account list | head` is no fault.
  const exit = process.exit.bind(process)
  stdout.on('error', () => exit(0))
  try {
    const command =
      name === 'call'
        ? (await import('./commands/call.ts')).call
        : (await import('./commands/account.ts')).account
    return await command(args, { stdin, stdout, stderr })
  } catch (error) {
    const usage = error instanceof UsageError
    stderr.write(`ejabberd-extauth: ${error instanceof ExtauthError ? error.message : reasonOf(error)}\n`)
    if (usage) stderr.write('All commands and options: ejabberd-extauth --help\n')
    return usage ? 2 : 3
  }
}

async function printHelp(): Promise<number> {
  const { help } = await import('./commands/help.ts')
  process.stdout.write(help())
  return 0
}

async function printVersion(): Promise<number> {
  const { version } = await import('./version.ts')
  process.stdout.write(`${version()}\n`)
  return 0
}
