import { createLog, type Log, type LogLevel } from '../../src/log.ts'

/** A log whose lines are kept, without their times. */
export interface RecordedLog extends Log {
  readonly lines: string[]
}

export function recordLog(level: LogLevel = 'debug'): RecordedLog {
  const lines: string[] = []
  return { ...createLog((line) => lines.push(line.replace(/^time=\S+ (.*)\n$/, '$1')), level), lines }
}
