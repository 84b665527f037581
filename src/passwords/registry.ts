/**
 * What is done with hashes of any family.
 *
 * @module
 */

import { HashError } from '../errors.ts'
import { FAMILIES, type FamilyEntry, LOCKED, PLAIN } from './families.ts'
import type { HashContext } from './family.ts'
import type { PasswordFormats } from './formats.ts'
import { makeHash } from './new-hashes.ts'
import { prepareOpaqueString } from './opaque-string.ts'
import { explain, isUnsupported } from './unsupported.ts'

/**
 * Is this the password that was stored?
 *
 * Works off the event loop. Rejects with a `HashError` if the hash is of a format that is not understood,
 * malformed, or asks for too much work, and with a `MissingPackageError` if it cannot be verified without one; that is
 * never a wrong password. Rejects with the signal's reason if it is aborted before the work begins.
 */
export async function verifyPassword(
  hash: string,
  password: string,
  signal?: AbortSignal,
  formats: PasswordFormats = {},
): Promise<boolean> {
  const family = await find(hash, formats).load()
  const context = contextOf(formats, signal)
  const prepared = prepareOpaqueString(password)
  if ((await family.verify(hash, prepared, context)) === true) return true
  // Whoever made an imported hash may not have prepared the password.
  return prepared !== password && (await family.verify(hash, password, context)) === true
}

/** Makes the hash that is stored for a new password, over the prepared form of RFC 8265; scrypt unless told otherwise. */
export async function hashPassword(password: string, formats: PasswordFormats = {}): Promise<string> {
  return makeHash(prepareOpaqueString(password), formats)
}

/** Rejects with what `verifyPassword` would reject with, without doing the work. */
export async function checkHash(hash: string, formats: PasswordFormats = {}): Promise<void> {
  const family = await find(hash, formats).load()
  await family.check(hash, contextOf(formats))
}

/** Might this be a hash, of whatever format, rather than a password? */
export function looksLikeHash(text: string): boolean {
  const isOfFamily = FAMILIES.some(({ beginning }) => beginning.test(text))
  return isOfFamily || explain(text) !== undefined || /^[${]/.test(text)
}

/** Is this in the place of a hash because nobody is to log in with a password? */
export function isLocked(hash: string): boolean {
  return LOCKED.beginning.test(hash)
}

const INNER_FAMILIES = FAMILIES.filter(({ outermost }) => outermost !== true)

function contextOf(formats: PasswordFormats, signal?: AbortSignal): HashContext {
  return {
    formats,
    signal,
    async checkInner(hash) {
      const family = await findIn(INNER_FAMILIES, hash).load()
      await family.check(hash, innerContextOf(formats, signal))
    },
    async verifyInner(hash, password) {
      const family = await findIn(INNER_FAMILIES, hash).load()
      return (await family.verify(hash, password, innerContextOf(formats, signal))) === true
    },
  }
}

function innerContextOf({ bcrypt, argon2 }: PasswordFormats, signal?: AbortSignal): HashContext {
  return contextOf({ ...(bcrypt && { bcrypt }), ...(argon2 && { argon2 }) }, signal)
}

function find(hash: string, formats: PasswordFormats): FamilyEntry {
  // What is a hash of a known kind is no password, or whoever has stolen it could log in with it.
  const mayBePlain = formats.weak?.includes('plain') === true && hash !== '' && !isUnsupported(hash)
  return findIn(mayBePlain ? [...FAMILIES, PLAIN] : FAMILIES, hash)
}

function findIn(families: readonly FamilyEntry[], hash: string): FamilyEntry {
  const family = families.find(({ beginning }) => beginning.test(hash))
  if (family) return family
  const names = families.filter((entry) => entry !== LOCKED).map(({ name }) => name)
  throw new HashError(
    explain(hash) ??
      `Expected a password hash of a format that is understood (${names.join(', ')}), got ${describe(hash)}`,
  )
}

function describe(hash: string): string {
  return hash === '' ? 'nothing' : `${hash.length} characters of an unknown one`
}
