import { strict as assert } from 'node:assert'
import { isAbsolute } from 'node:path'
import { parseOptions } from '../../../src/commands/options.ts'
import { UsageError } from '../../../src/errors.ts'
import { makeText, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** The arguments of the program. */
export const commandLines: Target = {
  name: 'arguments',
  unit: 'cases',
  share: 2,
  count: 1000,
  run: property({ generate, check, show: (args: readonly string[]) => JSON.stringify(args) }),
}

const WORDS = [
  ...[
    '--accounts',
    '/var/lib/x',
    '--handlers=/x',
    '--handlers',
    'x.mjs',
    '--timeout',
    '5',
    '--timeout=2.5',
    '--strict',
  ],
  ...[
    '--log-level',
    'debug',
    '--log-level=warn',
    '--log-file',
    'x.log',
    '--json',
    '--',
    '-',
    '-x',
    '--no-strict',
    'run',
  ],
  ...[
    '--timeout=0',
    '--timeout=25',
    '--timeout=25.001',
    '--timeout=0.001',
    '--timeout=1e1',
    '--timeout=-1',
    '--accounts=',
  ],
]

function generate(random: Random): string[] {
  return random.list(random.size(7), () => {
    const word = random.oneIn(8) ? makeText(random) : random.pick(WORDS)
    return random.oneIn(8) ? mutateText(random, word) : word
  })
}

function check(args: readonly string[]): void {
  let parsed: ReturnType<typeof parseOptions>
  try {
    parsed = parseOptions(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    assert.ok(error.message.length > 0)
    return
  }
  const { accounts, handlers, timeout, logLevel, logFile } = parsed.options
  assert.ok(accounts === undefined || handlers === undefined)
  for (const path of [accounts, handlers, logFile]) assert.ok(path === undefined || isAbsolute(path))
  assert.ok(Number.isInteger(timeout) && timeout >= 1 && timeout <= 25_000, `a timeout of ${timeout} ms`)
  assert.ok(['error', 'warn', 'info', 'debug'].includes(logLevel))
  const end = args.indexOf('--')
  const before = end < 0 ? args : args.slice(0, end)
  assert.equal(
    parsed.options.strict,
    before.some((arg, at) => arg === '--strict' && !isValue(before, at)),
  )
}

/** Does the argument belong to the one before it? */
function isValue(args: readonly string[], at: number): boolean {
  const before = args[at - 1] ?? ''
  return (
    ['--accounts', '--handlers', '--timeout', '--log-level', '--log-file'].includes(before) &&
    !isValue(args, at - 1)
  )
}
