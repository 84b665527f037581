import { strict as assert } from 'node:assert'
import { PassThrough } from 'node:stream'
import { readPassword } from '../../../src/commands/password.ts'
import { UsageError } from '../../../src/errors.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere } from '../traffic.ts'

/** What is typed, or comes out of a pipe, until there is no more. */
interface Example {
  readonly chunks: readonly Buffer[]
  readonly isTerminal: boolean
  readonly twice: boolean
}

/** Keys of a terminal, and bytes of a pipe, to a password or to a reason that does not quote it. */
export const typedPasswords: Target = {
  name: 'passwords',
  unit: 'cases',
  share: 2,
  count: 200,
  run: property({ generate, check, show: (example) => JSON.stringify({ ...example, chunks: hex(example) }) }),
}

const KEYS = [
  'a',
  'b',
  ' ',
  '\u00e9',
  '\u{1f418}',
  '\x08',
  '\x7f',
  '\x15',
  '\r',
  '\n',
  '\x04',
  '\x03',
  '\0',
  '\xff',
]
const MOST = 65_535

function generate(random: Random): Example {
  const typed = random.list(random.size(40), () => random.pick(KEYS)).join('')
  const isTerminal = random.oneIn(2)
  // Nobody types that much.
  const long = random.oneIn(60) && !isTerminal ? 'x'.repeat(MOST + random.between(-3, 3)) : ''
  const bytes = Buffer.from(long + typed)
  return {
    chunks: cutAnywhere(random, random.oneIn(3) ? mutateBytes(random, bytes) : bytes),
    isTerminal,
    twice: random.oneIn(2),
  }
}

async function check(example: Example): Promise<void> {
  const { chunks, isTerminal, twice } = example
  const stdin = new PassThrough()
  const modes: boolean[] = []
  const terminal = { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) }
  const stderr = new PassThrough()
  const reading = readPassword(
    { stdin: isTerminal ? Object.assign(stdin, terminal) : stdin, stderr },
    { twice },
  )
  const seen = reading.catch((error: unknown) => {
    if (error instanceof UsageError) return undefined
    throw error
  })
  for (const chunk of chunks) stdin.write(chunk)
  stdin.end()
  const password = await seen
  assert.equal(password, isTerminal ? typed(example) : firstLine(example))
  assert.deepEqual(modes, isTerminal ? [true, false] : [], 'the terminal stays as it was')
  assert.match(String(stderr.read() ?? ''), /^(Password: \n(The same again: \n)?)?$/, 'it is echoed')
}

/** The whole input is there: the first line of it, if it can be a password. */
function firstLine({ chunks }: Example): string | undefined {
  const [line = ''] = latin1(chunks).split('\n', 1)
  return textOf(line.replace(/\r$/, ''))
}

/** Key by key, on a screen that nobody sees. */
function typed({ chunks, twice }: Example): string | undefined {
  const answers = twice ? 2 : 1
  const lines: string[] = ['']
  for (const key of latin1(chunks)) {
    if (lines.length > answers) break
    const line = lines.pop() ?? ''
    if (key === '\x03') return undefined
    if (key === '\r' || key === '\n' || key === '\x04') {
      // Of a first answer that is none, no second one is wanted.
      if (textOf(line) === undefined) return undefined
      lines.push(line, '')
    } else if (key === '\x15') lines.push('')
    else if (key === '\x08' || key === '\x7f') lines.push(line.replace(/(^|[^\x80-\xbf])[\x80-\xbf]*$/, ''))
    else lines.push(line + key)
  }
  const [first = '', second = ''] = lines
  return twice && first !== second ? undefined : textOf(first)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(line: string): string | undefined {
  if (line.length === 0 || line.length > MOST) return undefined
  try {
    return UTF8.decode(Buffer.from(line, 'latin1'))
  } catch {
    return undefined
  }
}

function latin1(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('latin1')
}

function hex({ chunks }: Example): string {
  return chunks.map((chunk) => chunk.toString('hex')).join(' | ')
}
