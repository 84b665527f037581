/**
 * Arguments to options, and what to type instead.
 *
 * @module
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '../errors.ts'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import { hintFor } from '../nearest.ts'

/** What `run` and `call` can be told. */
export interface Options {
  /** The directory of an account store; an absolute path, as those of the files. */
  readonly accounts: string | undefined
  /** The file of a handlers module. */
  readonly handlers: string | undefined
  /** In milliseconds. */
  readonly timeout: number
  readonly strict: boolean
  readonly logLevel: LogLevel
  readonly logFile: string | undefined
  readonly json: boolean
}

/** The options, and what stands beside them. */
export interface Arguments {
  readonly options: Options
  readonly positionals: readonly string[]
}

const FLAGS = {
  accounts: { type: 'string' },
  handlers: { type: 'string' },
  timeout: { type: 'string' },
  strict: { type: 'boolean' },
  'log-level': { type: 'string' },
  'log-file': { type: 'string' },
  json: { type: 'boolean' },
} as const

/** What holds if nobody says otherwise. */
export const DEFAULT_OPTIONS: Options = {
  accounts: undefined,
  handlers: undefined,
  timeout: 5000,
  strict: false,
  logLevel: 'info',
  logFile: undefined,
  json: false,
}

/** Above that, ejabberd, which gives a call 30 s with its time in the queue, would give up before we do. */
const MAX_TIMEOUT_S = 25

/**
 * Reads the arguments of `run` and `call`.
 *
 * @throws {UsageError} If they cannot be understood; the message names the argument and says what was expected.
 */
export function parseOptions(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args)
  if (values.accounts !== undefined && values.handlers !== undefined) {
    throw new UsageError('Expected --accounts DIR or --handlers FILE, got both')
  }
  const options: Options = {
    accounts: pathOf('accounts', values.accounts),
    handlers: pathOf('handlers', values.handlers),
    timeout: parseTimeout(values.timeout),
    strict: values.strict === true,
    logLevel: parseLogLevel(values['log-level']),
    logFile: pathOf('log-file', values['log-file']),
    json: values.json === true,
  }
  return { options, positionals }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, strict: true })
  } catch (cause) {
    throw mistake(cause, Object.keys(FLAGS))
  }
}

/** Says what `parseArgs` could not understand: in Node's own words, but for the usual slip of the finger. */
export function mistake(cause: unknown, flags: readonly string[]): UsageError {
  const message = cause instanceof Error ? cause.message.split(/\n|\. To specify/, 1).join() : String(cause)
  const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1]
  if (unknown === undefined) return new UsageError(message, { cause })
  const known = flags.map((flag) => `--${flag}`)
  return new UsageError(`Unknown option ${unknown}: ${hintFor(unknown, known)}`, { cause })
}

/** Refuses the empty value of an option that names something. */
export function notEmpty(flag: string, value: string | undefined): string | undefined {
  if (value === '') throw new UsageError(`Expected --${flag} to name something, got nothing`)
  return value
}

/** Made absolute at once: a handlers module may change the working directory. */
function pathOf(flag: string, value: string | undefined): string | undefined {
  const path = notEmpty(flag, value)
  return path === undefined ? undefined : resolve(path)
}

function parseTimeout(value: string | undefined): number {
  if (value === undefined) return DEFAULT_OPTIONS.timeout
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (seconds >= 0.001 && seconds <= MAX_TIMEOUT_S) return Math.round(seconds * 1000)
  throw new UsageError(
    `Expected --timeout to be a number of seconds, more than 0 and at most ${MAX_TIMEOUT_S}, got ${value}`,
  )
}

function parseLogLevel(value: string = DEFAULT_OPTIONS.logLevel): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value)
  if (level !== undefined) return level
  throw new UsageError(`Expected --log-level to be one of ${LOG_LEVELS.join(', ')}, got ${value}`)
}
