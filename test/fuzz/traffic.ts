/** Bytes as ejabberd writes them, and as it never would. */
import { MARK, WORDS } from './behaviours.ts'
import { mutateBytes } from './mutate.ts'
import type { Random } from './random.ts'

const SERVERS = [
  'example.org',
  'x',
  '[::1]',
  '[2001:db8::1]',
  '[x]y',
  '[x',
  ']',
  'b\u00fccher.example',
  '[]',
  '[:',
]
const PASSWORDS = [
  `${MARK}-and-more`,
  'pw',
  ':',
  'a:b::c:',
  '[::1]',
  'x]:y',
  '\0',
  'line\nend\r\n',
  '\ufeffcaf\u00e9 \u{1f469}\u200d\u{1f467}',
  ' ',
]
const OPERATIONS = ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser', 'removeuser3', 'certauth']
const NO_OPERATIONS = [
  '',
  'AUTH',
  'auth ',
  'constructor',
  '__proto__',
  'close',
  'removeuser33',
  'is',
  'signal',
  '\ufeffauth',
]

/** One or another name of a user out of these, or of behaviours put together. */
export function userFrom(words: readonly string[]): (random: Random) => string {
  return (random) => {
    const first = random.pick(words)
    if (random.oneIn(12)) return random.pick(WORDS.others)
    return random.oneIn(6) ? `${first}+${random.pick(words)}` : first
  }
}

/** The body of a frame: most often a request. */
export function makeBody(random: Random, user: (random: Random) => string): Buffer {
  const body = Buffer.from(makeRequest(random, user))
  if (!random.oneIn(8)) return body
  const kind = random.below(5)
  if (kind === 4) return makeCertificate(random, user)
  if (kind === 0) return Buffer.alloc(0)
  if (kind === 1) return Buffer.from(random.list(random.size(40), () => random.below(256)))
  return kind === 2 ? mutateBytes(random, body) : Buffer.from(makeBadRequest(random, user))
}

/** A certificate is bytes, and no text. */
function makeCertificate(random: Random, user: (random: Random) => string): Buffer {
  const bytes = random.list(random.size(300), () => random.below(256))
  return Buffer.concat([Buffer.from(`certauth:${user(random)}:example.org:`), Buffer.from(bytes)])
}

function makeRequest(random: Random, user: (random: Random) => string): string {
  const operation = random.pick(OPERATIONS)
  const fields = [operation, user(random), random.oneIn(3) ? random.pick(SERVERS) : 'example.org']
  return operation === 'isuser' || operation === 'removeuser'
    ? fields.join(':')
    : [...fields, random.pick(PASSWORDS)].join(':')
}

function makeBadRequest(random: Random, user: (random: Random) => string): string {
  const operation = random.pick(random.oneIn(2) ? NO_OPERATIONS : OPERATIONS)
  const fields = () => random.pick(['', 'x', user(random), ...SERVERS])
  return [operation, ...random.list(random.below(5), fields)].join(':')
}

/** A request that fills its frame, or would like to. */
export function makeLargeBody(random: Random, user: (random: Random) => string): Buffer {
  const head = Buffer.from(
    `${random.pick(['auth', 'setpass', 'isuser', 'certauth', 'nonsense'])}:${user(random)}:x:`,
  )
  const length = random.pick([255, 256, 4096, 16_384, 32_767, 32_768, 65_534, 65_535])
  return Buffer.concat([head, Buffer.alloc(length, random.pick(['p', ':', '\u00e9', '\xff']))]).subarray(
    0,
    length,
  )
}

/** Puts the length before each body. */
export function frame(bodies: readonly Buffer[]): Buffer {
  return Buffer.concat(bodies.flatMap((body) => [Buffer.of(body.length >> 8, body.length & 255), body]))
}

/** Cuts bytes into chunks in one of the ways that a pipe, or somebody malicious, does. */
export function cutAnywhere(random: Random, bytes: Buffer): Buffer[] {
  const size = random.pick([bytes.length || 1, 1, 2, 3, 7, 64, 4096, 65_536])
  const isRandom = random.oneIn(2)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Math.max(isRandom ? random.below(2 * size) : size, Math.ceil(bytes.length / 2000))
    chunks.push(bytes.subarray(at, at + length))
    at += length
    if (random.oneIn(64)) chunks.push(Buffer.alloc(0))
  }
  return chunks
}
