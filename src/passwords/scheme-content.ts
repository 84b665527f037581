/**
 * What stands behind a scheme in braces.
 *
 * @module
 */
import type { HashContext } from './family.ts'
import { readHex, readPaddedBase64 } from './phc.ts'

/** Text, and how it is encoded if the scheme says that. */
export interface Content {
  /** The name of the scheme, one of those that are known: an error may tell it. */
  readonly scheme: string
  readonly text: string
  readonly encoding: 'hex' | 'base64' | undefined
}

/** A hash that was read. */
export interface SchemeHash {
  check(context: HashContext): void | Promise<void>
  /** Called after `check`. */
  verify(password: string, context: HashContext): Promise<boolean>
}

/** Reads the hashes of one scheme; throws a `HashError` if one is malformed. */
export type Scheme = (content: Content) => SchemeHash

/** More than a password that fits into a frame, in bytes. */
const MOST_BYTES = 65_536

/** The text that was encoded, or the text itself. */
export function decodeText({ scheme, text, encoding }: Content): string {
  if (encoding === undefined) return text
  return decode(scheme, encoding, text, 0, MOST_BYTES).toString()
}

/**
 * The bytes of a digest with at most so many others behind it, by default in base64; hexadecimal digits that are just a
 * digest are one.
 */
export function decodeDigest(
  { scheme, text, encoding }: Content,
  bytes: number,
  least: number,
  most: number,
): Buffer {
  const looksHex = text.length === 2 * bytes && /^[0-9a-f]*$/i.test(text)
  return decode(scheme, encoding ?? (looksHex ? 'hex' : 'base64'), text, bytes + least, bytes + most)
}

function decode(
  scheme: string,
  encoding: 'hex' | 'base64',
  text: string,
  least: number,
  most: number,
): Buffer {
  const read = encoding === 'hex' ? readHex : readPaddedBase64
  return read(`{${scheme}}`, 'content', text, least, most)
}
