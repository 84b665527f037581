import { strict as assert } from 'node:assert'
import { readEntries, readProsodyEntries, type Sourced } from '../../../src/accounts/entries.ts'
import { parseTerm, type Term } from '../../../src/accounts/erlang-term.ts'
import { parseLuaTable } from '../../../src/accounts/lua-data.ts'
import { MARK } from '../behaviours.ts'
import { processorTime } from '../effort.ts'
import { makeText, mutateText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere } from '../traffic.ts'

/** An account as another server keeps it, in one of its files. */
interface Example {
  readonly kind: 'dump' | 'prosody'
  readonly text: string
  readonly chunks: readonly Buffer[]
  /** The password that has to come out, if the text is as it was written. */
  readonly password: string | undefined
}

/** Files of other servers to accounts. */
export const moves: Target = {
  name: 'moves',
  unit: 'cases',
  share: 3,
  count: 200,
  run: property({ generate, check, show: ({ kind, text }) => JSON.stringify({ kind, text }, null, 2) }),
}

const NESTED = ['[', '{', '{{', '[{', 'a=', '{a={', '<<"', '"', '\\', '{a,', '[1,', 'return']

function generate(random: Random): Example {
  const kind = random.pick(['dump', 'prosody'] as const)
  const password = `${MARK}${wellFormed(makeText(random)).replace(/[\p{Cc}\ufffd]/gu, '')}`
  const right = kind === 'dump' ? writeDump(random, password) : writeLua(random, password)
  const damaged = random.oneIn(40)
    ? right.replace(/[{[]/, (bracket) => bracket + random.pick(NESTED).repeat(random.between(1, 20_000)))
    : mutateText(random, right)
  const text = random.oneIn(2) ? damaged : right
  return {
    kind,
    text,
    chunks: cutAnywhere(random, Buffer.from(text)),
    password: text === right ? password : undefined,
  }
}

function writeDump(random: Random, password: string): string {
  const scram = '{scram,<<"qzzz">>,<<"q=">>,<<"salt">>,sha,4096}'
  const records = random.list(
    random.below(4),
    (index = random.below(9)) => `{passwd,{<<"u${index}">>,<<"x">>},${scram}}.`,
  )
  return [
    '{tables,[{passwd,[{record_name,passwd},{attributes,[us,password]}]}]}.',
    ...records,
    `{passwd,{<<"alice">>,\n        <<"x">>},\n ${writeBinary(random, password)}}.`,
  ].join('\n')
}

function writeBinary(random: Random, text: string): string {
  if (random.oneIn(3)) return `<<${[...Buffer.from(text)].join(',')}>>`
  const escaped = text.replace(/["\\]/g, '\\$&')
  return `<<"${escaped}"/utf8>>`
}

function writeLua(random: Random, password: string): string {
  const escaped = random.oneIn(2)
    ? [...Buffer.from(password)].map((byte) => `\\${byte.toString().padStart(3, '0')}`).join('')
    : password.replace(/["\\]/g, '\\$&')
  return `return {\n\t["password"] = "${escaped}";\n\t["x"] = { 1; true; ["y"] = -1.5 };\n};\n`
}

/** Most time of a processor that a file may take, in milliseconds. */
const MOST = 2000

async function check({ kind, text, chunks, password }: Example): Promise<void> {
  const time = processorTime()
  const found: Sourced[] = []
  const file = { path: 'x/accounts/alice.dat', user: 'alice', server: 'x', text }
  const source = kind === 'dump' ? readEntries(sourceOf(chunks)) : readProsodyEntries([file])
  for await (const each of source) found.push(each)
  assert.ok(time() < MOST, `it took ${time()} ms`)
  for (const { entry } of found) {
    if (typeof entry === 'string') assert.ok(!entry.includes(MARK), 'a reason quotes a password')
  }
  if (password !== undefined) {
    const entry = found.at(-1)?.entry
    assert.ok(typeof entry === 'object' && entry.user === 'alice' && entry.server === 'x', String(entry))
    assert.deepEqual(entry.secret, { password })
  }
  // Neither of them runs anything or throws, whatever there is.
  parseLuaTable(text)
  const term = parseTerm(text)
  if (term !== undefined) assert.deepEqual(parseTerm(print(term)), term)
}

function print(term: Term): string {
  if (Buffer.isBuffer(term)) return `<<${[...term].join(',')}>>`
  if (typeof term === 'number') return String(term)
  if ('atom' in term) return `'${term.atom.replace(/['\\]/g, '\\$&')}'`
  return `{${term.map(print).join(',')}}`
}

async function* sourceOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}
