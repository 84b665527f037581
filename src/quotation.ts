/**
 * Whether a text quotes a password, in whatever spelling.
 *
 * @module
 */
import { inspect } from 'node:util'
import { prepareOpaqueString } from './passwords/opaque-string.ts'

/** So many characters in a row of a longer password are taken for a part of it: what quotes likes to shorten. */
const FRAGMENT = 5

/** What the Base64 of one or two bytes boils down to is in every text. */
const SHORTEST = 3

/** Of a longer password the spellings are not worth making: no web server takes a header with such a token. */
const LONGEST = 8192

/** Could somebody read the secret, or a part of it, out of the text? In case of doubt it is so. */
export function mayBeQuotedIn(text: string, secret: string): boolean {
  if (secret.length > LONGEST) return true
  const isShared = sharedWith(text)
  const isSharedFolded = sharedWith(fold(text))
  return spellingsOf(secret).some((spelling) => isShared(spelling) || isSharedFolded(fold(spelling)))
}

/**
 * Makes a function that looks whether another text, or a part of it that is no accident, is in this one. However long
 * the other one is, it is read once: in an outage every failed request is looked at, for passwords as long as anybody likes.
 */
export function sharedWith(text: string): (other: string) => boolean {
  const isMarked = new Uint8Array(MASK + 1)
  let mark = 0
  for (let at = 0; at < text.length; at++) {
    mark = next(mark, text, at)
    isMarked[mark] = 1
  }
  return (other) => {
    if (other === '') return false
    if (text.includes(other)) return true
    let mark = 0
    for (let end = 1; end <= other.length; end++) {
      mark = next(mark, other, end - 1)
      if (isMarked[mark] !== 1 || end < FRAGMENT) continue
      // Other fragments may have the same mark.
      if (text.includes(other.slice(end - FRAGMENT, end))) return true
    }
    return false
  }
}

/** The mark of a fragment has some bits of each of its characters, and none of what stands before. */
const BITS = 3
const MASK = (1 << (BITS * FRAGMENT)) - 1

/** The mark of the fragment that ends here, made from that of the one before. */
function next(mark: number, text: string, at: number): number {
  return ((mark << BITS) ^ text.charCodeAt(at)) & MASK
}

/** Takes away what differs between the ways to quote: upper case, and what protects a quotation mark. */
function fold(text: string): string {
  return text.toLowerCase().replace(/[\\'"]/g, '')
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // Of half a surrogate pair no URL can be made.
  const wellFormed = bytes.toString()
  return [
    secret,
    prepareOpaqueString(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    encodeURIComponent(wellFormed),
    encodeURI(wellFormed),
    JSON.stringify(secret).slice(1, -1),
    inspect(secret, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: null }).slice(1, -1),
    secret.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    bytes.toString('hex'),
    bytes.toString('hex').replace(/..(?=.)/g, '$& '),
    [...bytes].join(','),
    [...bytes].join(', '),
    ...[0, 1, 2]
      .flatMap((offset) => inBase64(bytes, offset))
      .filter((spelling) => spelling.length >= SHORTEST),
  ]
}

/** What the bytes look like in the Base64 of more, such as `user:password`, where they start at this offset of three. */
function inBase64(bytes: Buffer, offset: number): string[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
  const first = Math.ceil((offset * 8) / 6)
  const end = Math.floor((shifted.length * 8) / 6)
  return (['base64', 'base64url'] as const).map((encoding) => shifted.toString(encoding).slice(first, end))
}
