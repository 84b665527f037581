/** The command lines of our tools: `--help` prints how one is used, and a mistake ends it with a sentence. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { mistake } from '../../src/commands/options.ts'

/** What was asked for, and what to do where that cannot be. */
type CommandLine<T extends ParseArgsConfig> = ReturnType<typeof parseArgs<T>> & {
  /** Ends the process, having said what is wrong. */
  readonly refuse: (what: string) => never
  readonly number: (flag: string, text: string, least: number) => number
  readonly wholeNumber: (flag: string, text: string, least: number) => number
}

/** Reads the arguments of this process. */
export function commandLine<const T extends ParseArgsConfig>(usage: string, config: T): CommandLine<T> {
  if (process.argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  const refuse = (what: string): never => {
    console.error(`${what}\n\n${usage}`)
    process.exit(2)
  }
  const read = (kind: string, pattern: RegExp) => (flag: string, text: string, least: number) => {
    if (pattern.test(text) && Number(text) >= least) return Number(text)
    return refuse(`Expected --${flag} to be a ${kind}, ${least} or more, got ${text}`)
  }
  return {
    ...parsed(config, refuse),
    refuse,
    number: read('number', /^(0|[1-9]\d{0,9})(\.\d+)?$/),
    wholeNumber: read('whole number', /^(0|[1-9]\d{0,9})$/),
  }
}

function parsed<const T extends ParseArgsConfig>(config: T, refuse: (what: string) => never) {
  try {
    return parseArgs(config)
  } catch (cause) {
    return refuse(mistake(cause, Object.keys(config.options ?? {})).message)
  }
}
