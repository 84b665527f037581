/**
 * Every family of hashes this program can verify, and the two things that are done with them.
 *
 * @module
 */

import { HashError } from '../errors.ts'
import type { HashFamily } from './family.ts'
import { prepareOpaqueString } from './opaque-string.ts'
import { pbkdf2 } from './pbkdf2.ts'
import { scrypt } from './scrypt.ts'
import { recogniseFormat } from './unsupported.ts'

/** Which formats are understood beside those that are safe to recognise, and which one new passwords are stored in. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the families that have options
export interface PasswordFormats {}

const FAMILIES: readonly HashFamily[] = [scrypt, pbkdf2]

/**
 * Is this the password that was stored?
 *
 * Works off the event loop. Rejects with a `HashError` if the hash is of a format that is not understood,
 * malformed, or asks for too much work; that is never a wrong password. Rejects with the signal's reason if it
 * is aborted before the work begins.
 */
export async function verifyPassword(
  hash: string,
  password: string,
  signal?: AbortSignal,
  _formats: PasswordFormats = {},
): Promise<boolean> {
  const family = familyOf(hash)
  const prepared = prepareOpaqueString(password)
  if ((await family.verify(hash, prepared, signal)) === true) return true
  // Whoever made an imported hash may not have prepared the password.
  return prepared !== password && (await family.verify(hash, password, signal)) === true
}

/** Makes the hash that is stored for a new password: scrypt, over the prepared form of RFC 8265. */
export async function hashPassword(password: string, _formats: PasswordFormats = {}): Promise<string> {
  return scrypt.hash(prepareOpaqueString(password))
}

/** Throws the `HashError` that `verifyPassword` would reject with, without doing the work. */
export function checkHash(hash: string): void {
  familyOf(hash).check(hash)
}

/** Does this look like a hash, of whatever format, rather than like a password? */
export function looksLikeHash(text: string): boolean {
  return /^[${]/.test(text) || recogniseFormat(text) !== undefined
}

function familyOf(hash: string): HashFamily {
  const family = FAMILIES.find(({ prefixes }) => prefixes.some((prefix) => hash.startsWith(prefix)))
  if (family) return family
  const understood = FAMILIES.map(({ name }) => name).join(', ')
  const format = recogniseFormat(hash)
  throw new HashError(
    format === undefined
      ? `Expected a password hash of a format that is understood (${understood}), got ${describe(hash)}`
      : `The password hash is of a format that is not supported yet: ${format}; supported are: ${understood}`,
  )
}

function describe(hash: string): string {
  return hash === '' ? 'nothing' : `${hash.length} characters of an unknown one`
}
