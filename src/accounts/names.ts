/**
 * Names of accounts and servers as names of files.
 *
 *     alice            alice
 *     Alice            %41lice        upper case: not every file system tells it from lower case
 *     ..               %2E.           no name can leave its directory, and none is hidden
 *     jürgen           j%C3%BCrgen
 *     (empty)          %
 *     (too long)       ~0c15...       SHA-256 of the name, in hexadecimal; a file inside keeps the name itself
 *
 * @module
 */

import { createHash } from 'node:crypto'

/** What Linux and the others allow a name in a directory to have, in bytes; a part of a JID may have 1 023. */
const MOST_BYTES = 255

/** Turns a name into one that is safe in any directory; no two names give the same. */
export function encodeName(name: string): string {
  const encoded = percentEncode(name)
  if (encoded.length <= MOST_BYTES) return encoded
  return `~${createHash('sha256').update(name).digest('hex')}`
}

/** Was the name too long, so that it has to be kept beside what `encodeName` made of it? */
export function isDigest(encoded: string): boolean {
  return /^~[0-9a-f]{64}$/.test(encoded)
}

/** Gives the name back, or `undefined` if it cannot be told from this: a digest, or nothing of ours. */
export function decodeName(encoded: string): string | undefined {
  if (encoded === '%') return ''
  const bytes = encoded.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const name = Buffer.from(bytes, 'latin1').toString()
  return encodeName(name) === encoded ? name : undefined
}

function percentEncode(name: string): string {
  if (/^[a-z0-9_-][a-z0-9_.-]*$/.test(name)) return name
  if (name === '') return '%'
  let encoded = ''
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte)
    const literal = encoded === '' ? /[a-z0-9_-]/ : /[a-z0-9_.-]/
    encoded += literal.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
