import { strict as assert } from 'node:assert'
import { readBatches } from '../../../src/accounts/batches.ts'
import { readEntries } from '../../../src/accounts/entries.ts'
import { type Entry, formatLine, parseLine } from '../../../src/accounts/lines.ts'
import { isPlainName } from '../../../src/accounts/prepare.ts'
import { MARK } from '../behaviours.ts'
import { HASHES } from '../hashes.ts'
import { makeText, mutateBytes, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere } from '../traffic.ts'

/** A file as it comes in, and the server that is given for an htpasswd file. */
interface Example {
  readonly chunks: readonly Buffer[]
  readonly server: string | undefined
}

/** Files of accounts to accounts, in groups. */
export const lines: Target = {
  name: 'lines',
  unit: 'cases',
  share: 4,
  count: 100,
  run: property({
    generate,
    check,
    show: ({ chunks, server }) => JSON.stringify([server, ...chunks.map(String)]),
  }),
}

const ENDS = ['\n', '\n', '\n', '\r\n', '\r', '\n\n']
const USERS = ['alice', 'bob', 'Alice', '#1', 'j\u00fcrgen', '..', 'a:b', 'x'.repeat(1024)]

function generate(random: Random): Example {
  const isHtpasswd = random.oneIn(3)
  const text = random
    .list(
      random.size(150),
      () => (isHtpasswd ? makeHtpasswdLine(random) : makeLine(random)) + random.pick(ENDS),
    )
    .join('')
  const bytes = Buffer.from(random.oneIn(8) ? `\ufeff${text}` : text)
  return {
    chunks: cutAnywhere(random, random.oneIn(2) ? mutateBytes(random, bytes) : bytes),
    server: isHtpasswd ? 'example.org' : undefined,
  }
}

function makeLine(random: Random): string {
  if (random.oneIn(8)) return random.pick(['', ' \t', '# comment', '#', ' # ', makeText(random, 30)])
  const user = random.oneIn(4) ? `u${random.below(1000)}` : random.pick(USERS)
  const blank = random.pick([' ', '\t', '  ', '\u00a0'])
  return [user, random.pick(['example.org', '[::1]', 'EXAMPLE.org', 'a/b']), makeSecret(random)].join(blank)
}

function makeHtpasswdLine(random: Random): string {
  if (random.oneIn(8)) return random.pick(['', '#', 'alice', makeText(random, 30)])
  return `${random.pick(USERS)}:${random.pick(HASHES).hash}`
}

function makeSecret(random: Random): string {
  if (random.oneIn(3)) return random.oneIn(2) ? makeText(random) : `${MARK} and more`
  const { hash } = random.pick(HASHES)
  return random.oneIn(3) ? mutateText(random, hash) : hash
}

async function check({ chunks, server }: Example): Promise<void> {
  const expected: Found[] = []
  for (const [index, line] of splitLines(Buffer.concat(chunks)).entries()) {
    const entry = line === undefined ? 'not text' : await parseLine(line, server)
    if (entry === undefined) continue
    if (line !== undefined) await checkEntry(entry, line, server)
    expected.push({ place: `line ${index + 1}`, entry })
  }
  const seen: Found[] = []
  for await (const batch of readBatches(readEntries(sourceOf(chunks), server))) {
    const accounts = batch.flatMap(({ entry }) =>
      typeof entry === 'string' ? [] : `${entry.user}@${entry.server}`,
    )
    assert.equal(new Set(accounts).size, accounts.length, 'an account is twice in a group')
    assert.ok(batch.length <= 64, 'a group is too large')
    seen.push(...batch)
  }
  const withoutWords = ({ place, entry }: Found) => [place, typeof entry === 'string' ? '' : entry]
  assert.deepEqual(seen.map(withoutWords), expected.map(withoutWords))
}

interface Found {
  readonly place: string
  readonly entry: Entry | string
}

/** An account says what stands in the line; anything else says nothing of it. */
async function checkEntry(entry: Entry | string, line: string, server: string | undefined): Promise<void> {
  if (typeof entry === 'string') return assert.ok(!entry.includes(MARK), 'a reason quotes a password')
  assert.ok(isPlainName(entry.user) && isPlainName(entry.server))
  const secret = 'hash' in entry.secret ? entry.secret.hash : entry.secret.password
  assert.ok(line.endsWith(secret))
  if (server !== undefined) return
  const [user = '', host = ''] = line.replace(/^[ \t]+/, '').split(/[ \t]+/)
  assert.equal(line.replace(/^[ \t]*[^ \t]+[ \t]+[^ \t]+[ \t]+/, ''), secret)
  if (user === entry.user && host === entry.server && 'hash' in entry.secret) {
    const again = await parseLine(formatLine(entry, secret).slice(0, -1))
    assert.deepEqual(again, entry, 'what is exported is not what was imported')
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The whole file at once; `undefined` for a line that is no text. */
function splitLines(bytes: Buffer): (string | undefined)[] {
  const cut = bytes.toString('latin1').split('\n')
  if (cut.at(-1) === '') cut.pop()
  return cut.map((line, index) => {
    if (line.length > 131_072) return undefined
    try {
      const text = UTF8.decode(Buffer.from(line, 'latin1')).replace(/\r$/, '')
      return index === 0 && text.startsWith('\ufeff') ? text.slice(1) : text
    } catch {
      return undefined
    }
  })
}

async function* sourceOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}
