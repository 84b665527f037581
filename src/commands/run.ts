/**
 * What ejabberd starts.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { UsageError } from '../errors.ts'
import { createLog, type Log } from '../log.ts'
import { type LogOutput, logOutput } from '../log-output.ts'
import { keepExit, surviveStrangers, terminationSignal } from '../process.ts'
import { reasonOf } from '../reason.ts'
import { serveConnection } from '../serve.ts'
import { Standby } from '../standby.ts'
import { isTerminal, type Stdio, takeStdio } from '../transports/stdio.ts'
import { version } from '../version.ts'
import { DEFAULT_OPTIONS, type Options, parseOptions } from './options.ts'
import { loadHandlers } from './source.ts'

/**
 * Serves standard input and output until the input ends or a signal comes.
 *
 * Whatever is wrong with the arguments, the handlers module or the store, it says so in the log, answers "failed"
 * and stays; see {@link Standby}.
 *
 * @returns The exit status: 0 if it was able to serve, 1 if not, 2 if the arguments were wrong.
 */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseOrMistake(args)
  if (isTerminal()) {
    process.stderr.write(explanation(options, args))
    return 2
  }
  if (!(options instanceof UsageError)) await importCode(options)
  const stdio = takeStdio()
  keepExit()
  return options instanceof UsageError
    ? await serveMistake(options, args, stdio)
    : await serveOptions(options, stdio)
}

/** What somebody reads who starts the program by hand. */
function explanation(options: Options | UsageError, args: readonly string[]): string {
  const line = [process.argv[1], ...args].join(' ')
  const mistake = options instanceof UsageError ? `Mind that this is a mistake: ${options.message}\n\n` : ''
  return `ejabberd starts this program and talks to it in frames of bytes; there is nothing to type here.

${mistake}This line belongs into ejabberd.yml:  extauth_program: "sh -c '${line} || sleep 2'"
Ask as ejabberd would:                ejabberd-extauth call auth USER SERVER
All commands and options:             ejabberd-extauth --help
`
}

/**
 * Imports what of our own code these options need. A part that is missing is the entry's to deal with, and that
 * can be done as long as the input is untouched: Node does not try again in this process to import it.
 */
async function importCode({ handlers }: Options): Promise<void> {
  if (handlers === undefined) await import('../backends/accounts.ts')
}

function parseOrMistake(args: readonly string[]): Options | UsageError {
  try {
    return parse(args)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
}

function parse(args: readonly string[]): Options {
  const { options, positionals } = parseOptions(args)
  if (positionals.length === 0) return options
  throw new UsageError(`Unknown command ${positionals[0]}: expected run, call or account`)
}

async function serveOptions(options: Options, stdio: Stdio): Promise<number> {
  const output = logOutput(options.logFile, process.stderr)
  const log = startLog(output, options)
  const { timeout, strict } = options
  const standby = new Standby({ load: () => loadHandlers(options), log, timeout })
  process.on('SIGHUP', () => {
    output.reopen()
    log.write('info', 'reloading')
    void standby.reload()
  })
  const signal = terminationSignal(log)
  let status = 1
  const close = async () => {
    await standby.firstAttempt
    status = standby.problem === undefined ? 0 : 1
    await standby.close()
  }
  await serveConnection({ ...stdio, handlers: standby.source, timeout, strict, log, signal, close })
  log.write('info', 'ended', { pid: process.pid })
  return status
}

/** Wrong arguments do not go away by waiting: every request fails at once, until somebody mends ejabberd.yml. */
async function serveMistake(mistake: UsageError, args: readonly string[], stdio: Stdio): Promise<number> {
  const options = { ...DEFAULT_OPTIONS, strict: args.includes('--strict'), logFile: findLogFile(args) }
  const log = startLog(logOutput(options.logFile, process.stderr), options)
  const reason = reasonOf(mistake)
  log.write('error', 'wrong_arguments', { reason })
  const handlers = () => {
    throw mistake
  }
  process.on('SIGHUP', () => {}) // nothing to load anew, and no reason to end
  const signal = terminationSignal(log)
  await serveConnection({ ...stdio, handlers, timeout: options.timeout, strict: options.strict, log, signal })
  log.write('error', 'ended', { reason })
  return 2
}

/** Where the log shall go, from arguments that are wrong elsewhere. */
function findLogFile(args: readonly string[]): string | undefined {
  const options = { 'log-file': { type: 'string' } } as const
  const { values } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false })
  const file = values['log-file']
  return typeof file === 'string' && file !== '' ? file : undefined
}

function startLog(output: LogOutput, { logLevel }: Options): Log {
  const log = createLog(output.writeLine, logLevel)
  surviveStrangers(log)
  log.write('info', 'started', { version: version(), pid: process.pid })
  return log
}
