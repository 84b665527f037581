import { strict as assert } from 'node:assert'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { readEntries, readProsodyEntries, type Sourced } from '../../../src/accounts/entries.ts'
import { parseTerm, type Term } from '../../../src/accounts/erlang-term.ts'
import { parseLuaTable } from '../../../src/accounts/lua-data.ts'
import { checkHash, verifyPassword } from '../../../src/passwords/registry.ts'
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
  /** The password that has to come out, or has to be that of the keys, if the text is as it was written. */
  readonly password: string | undefined
  readonly isScram: boolean
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
  const keys = random.oneIn(3) ? makeKeys(random, password) : undefined
  const right =
    kind === 'dump'
      ? writeDump(random, keys === undefined ? writeBinary(random, password) : writeScram(keys))
      : keys === undefined
        ? writeLua(random, password)
        : writeLuaKeys(keys)
  const damaged = random.oneIn(40)
    ? right.replace(/[{[]/, (bracket) => bracket + random.pick(NESTED).repeat(random.between(1, 20_000)))
    : mutateText(random, right)
  const text = random.oneIn(2) ? damaged : right
  return {
    kind,
    text,
    chunks: cutAnywhere(random, Buffer.from(text)),
    password: text === right ? password : undefined,
    isScram: keys !== undefined,
  }
}

/** What SCRAM keeps of a password (RFC 5802, section 3). */
interface Keys {
  readonly digest: 'sha1' | 'sha256' | 'sha512'
  readonly salt: string
  readonly iterations: number
  readonly stored: Buffer
  readonly server: Buffer
}

function makeKeys(random: Random, password: string): Keys {
  const [digest, bytes] = random.pick([
    ['sha1', 20],
    ['sha256', 32],
    ['sha512', 64],
  ] as const)
  const [salt, iterations] = [`salt-${random.below(1000)}`, random.between(1, 20)]
  const salted = pbkdf2Sync(password, salt, iterations, bytes, digest)
  const keyOf = (name: string) => createHmac(digest, salted).update(name).digest()
  const stored = createHash(digest).update(keyOf('Client Key')).digest()
  return { digest, salt, iterations, stored, server: keyOf('Server Key') }
}

function writeScram({ digest, salt, iterations, stored, server }: Keys): string {
  const binary = (bytes: Buffer) => `<<"${bytes.toString('base64')}">>`
  const name = digest === 'sha1' ? 'sha' : digest
  return `{scram,${[stored, server, Buffer.from(salt)].map(binary).join(',')},${name},${iterations}}`
}

function writeLuaKeys({ salt, iterations, stored, server }: Keys): string {
  const texts = { stored_key: stored.toString('hex'), server_key: server.toString('hex'), salt }
  const lines = Object.entries(texts).map(([name, text]) => `\t["${name}"] = "${text}";\n`)
  return `return {\n${lines.join('')}\t["iteration_count"] = ${iterations};\n};\n`
}

function writeDump(random: Random, secret: string): string {
  const scram = '{scram,<<"qzzz">>,<<"q=">>,<<"salt">>,sha,4096}'
  const records = random.list(
    random.below(4),
    (index = random.below(9)) => `{passwd,{<<"u${index}">>,<<"x">>},${scram}}.`,
  )
  return [
    '{tables,[{passwd,[{record_name,passwd},{attributes,[us,password]}]}]}.',
    ...records,
    `{passwd,{<<"alice">>,\n        <<"x">>},\n ${secret}}.`,
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

async function check({ kind, text, chunks, password, isScram }: Example): Promise<void> {
  const time = processorTime()
  const found: Sourced[] = []
  const file = { path: 'x/accounts/alice.dat', user: 'alice', server: 'x', text }
  const source = kind === 'dump' ? readEntries(sourceOf(chunks)) : readProsodyEntries([file])
  for await (const each of source) found.push(each)
  assert.ok(time() < MOST, `it took ${time()} ms`)
  for (const { entry } of found) {
    if (typeof entry === 'string') assert.ok(!entry.includes(MARK), 'a reason quotes a password')
    // What cannot be verified later is not taken.
    else if (entry !== undefined && 'hash' in entry.secret) await checkHash(entry.secret.hash)
  }
  if (password !== undefined) {
    const entry = found.at(-1)?.entry
    assert.ok(typeof entry === 'object' && entry.user === 'alice' && entry.server === 'x', String(entry))
    if (isScram) assert.ok('hash' in entry.secret && (await verifyPassword(entry.secret.hash, password)))
    else assert.deepEqual(entry.secret, { password })
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
