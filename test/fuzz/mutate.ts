/** Damage. */
import type { Random } from './random.ts'

/** Changes some bytes, puts some in, takes some out. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let damaged = bytes
  for (let count = random.between(1, 3); count > 0; count--) damaged = mutateOnce(random, damaged)
  return damaged
}

function mutateOnce(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1)
  const length = random.size(32)
  const head = bytes.subarray(0, at)
  const tail = bytes.subarray(at + length)
  switch (random.below(6)) {
    case 0:
      return Buffer.concat([head, tail])
    case 1:
      return head
    case 2:
      return Buffer.concat([head, bytes.subarray(at, at + length), bytes.subarray(at)])
    case 3:
      return Buffer.concat([head, Buffer.from(random.list(length, () => random.below(256))), tail])
    case 4:
      return Buffer.concat([
        head,
        Buffer.alloc(length, random.pick([0, 0xff, 0x3a, 0x80])),
        bytes.subarray(at),
      ])
    default: {
      const flipped = Buffer.from(bytes)
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8))
      return flipped
    }
  }
}

/** Pieces that mean something to somebody: to shells, databases, directories, file systems, browsers, terminals. */
// biome-ignore format: by the line
const PIECES = [
  'a', 'b', 'A', '0', '9', ' ', ':', '=', ',', '.', '..', '/', '\\', '%', '%u', '%%', '$', '$$', '{', '}', '(', ')',
  '[', ']', '*', '+', '-', '--', '#', ';', '<', '>', '@', '"', "'", '`', '!', '|', '&', '~', '^', '?', '_', '\0', '\t',
  '\n', '\r', '\x1b', '\x7f', '\u0085', '\u00a0', '\u00ad', '\u00df', '\u00e9', 'e\u0301', '\u0130', '\u03c2', '\u200b',
  '\u202e', '\u2028', '\u3000', '\ufeff', '\uff21', '\ufb01', '\ufffd', '\u{1f418}', '\ud800', '\udc00', '%00', '%2e',
  '\\2a', '\\00', '/*', '*/', ':user', '&amp;', 'rounds=', '__proto__',
]

/** A text that nobody has thought of. */
export function makeText(random: Random, most = 12): string {
  const text = random.list(random.size(most), () => random.pick(PIECES)).join('')
  return random.oneIn(100) ? text.repeat(random.between(1, 300)) : text
}

/** The same without halves of surrogate pairs, which UTF-8 cannot hold. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

/** Changes some of a text, puts something in, takes something out. */
export function mutateText(random: Random, text: string): string {
  let damaged = text
  for (let count = random.between(1, 3); count > 0; count--) damaged = mutateTextOnce(random, damaged)
  return damaged
}

function mutateTextOnce(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const length = random.size(24)
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length)
    case 1:
      return text.slice(0, at)
    case 2:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at)
    case 3:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at + 1)
    case 4:
      return text.slice(0, at) + makeText(random) + text.slice(at)
    default:
      return text.slice(0, at) + random.pick('0123456789abcxyzABC$./'.split('')) + text.slice(at + 1)
  }
}
