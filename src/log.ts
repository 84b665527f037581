/**
 * One line per event, `key=value`, for people and for grep.
 *
 * There is no field for a password, a token, a certificate or a raw frame, at any level.
 *
 * @module
 */
import type { Operation } from './handlers.ts'
import type { Outcome } from './outcome.ts'

/** The levels, the most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** How much is logged: a level includes those before it. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Is a line of one level written by a log of the other? */
export function isLogged(line: LogLevel, log: LogLevel): boolean {
  return RANKS[line] <= RANKS[log]
}

const RANKS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

/** All that a line can say. */
export interface LogFields {
  readonly operation?: Operation | undefined
  readonly user?: string
  readonly server?: string
  readonly outcome?: Outcome['kind']
  /** How long it took, in milliseconds. */
  readonly ms?: number
  readonly reason?: string | undefined
  readonly file?: string
  readonly count?: number
  readonly version?: string
  /** The process that writes: all workers of a pool may share a file. */
  readonly pid?: number
}

/** Writes lines of its level and of more urgent ones. */
export interface Log {
  readonly level: LogLevel
  write(level: LogLevel, event: string, fields?: LogFields): void
}

/** Makes a log of a function that takes whole lines, each with its line end. */
export function createLog(
  writeLine: (line: string) => void,
  level: LogLevel = 'info',
  now: () => Date = () => new Date(),
): Log {
  return {
    level,
    write(lineLevel, event, fields = {}) {
      if (!isLogged(lineLevel, level)) return
      // A line that cannot be written is lost, and no reply with it.
      try {
        writeLine(formatLine(now(), lineLevel, event, fields))
      } catch {}
    },
  }
}

/** A log that says nothing. */
export const NO_LOG: Log = { level: 'error', write() {} }

/** The order of the fields in a line. */
const FIELDS = [
  'operation',
  'user',
  'server',
  'outcome',
  'ms',
  'reason',
  'file',
  'count',
  'version',
  'pid',
] as const satisfies readonly (keyof LogFields)[]

/** One line, with its line end. */
export function formatLine(time: Date, level: LogLevel, event: string, fields: LogFields): string {
  let line = `time=${time.toISOString()} level=${level} event=${event}`
  for (const key of FIELDS) {
    const value = fields[key]
    if (value !== undefined) line += ` ${key}=${quoteIfNeeded(value)}`
  }
  return `${line}\n`
}

// Names come from strangers: a line end, a control character or one that turns the writing direction would let
// them forge a line.
const PLAIN = /^[^\s"=\\\p{C}]+$/u
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu

function quoteIfNeeded(value: string | number): string {
  const text = typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : value
  if (PLAIN.test(text)) return text
  return JSON.stringify(text).replace(UNPRINTABLE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`)
}
