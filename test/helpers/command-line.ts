/** The command lines of our tools: `--help` prints how one is used, and a mistake ends it with a sentence. */
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What was asked for, and what to do where that cannot be. */
type CommandLine<T extends ParseArgsConfig> = ReturnType<typeof parseArgs<T>> & {
  /** Ends the process, having said what is wrong. */
  readonly refuse: (mistake: string) => never
  readonly number: (flag: string, text: string, least: number) => number
  readonly wholeNumber: (flag: string, text: string, least: number) => number
}

/** Reads the arguments of this process. */
export function commandLine<const T extends ParseArgsConfig>(usage: string, config: T): CommandLine<T> {
  if (process.argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  const refuse = (mistake: string): never => {
    console.error(`${mistake}\n\n${usage}`)
    process.exit(2)
  }
  const read = (kind: string, pattern: RegExp) => (flag: string, text: string, least: number) => {
    if (pattern.test(text) && Number(text) >= least) return Number(text)
    return refuse(`Expected --${flag} to be a ${kind}, ${least} or more, got ${text}`)
  }
  return {
    ...parsed(config, refuse),
    refuse,
    number: read('number', /^\d{1,10}(\.\d+)?$/),
    wholeNumber: read('whole number', /^\d{1,10}$/),
  }
}

function parsed<const T extends ParseArgsConfig>(config: T, refuse: (mistake: string) => never) {
  try {
    return parseArgs(config)
  } catch (mistake) {
    return refuse(mistake instanceof Error ? mistake.message : String(mistake))
  }
}
