/**
 * Telling texts apart without keeping them.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'

/** One text for several, from which none of them can be read back; equal if and only if they are equal one by one. */
export type Digest = (...fields: readonly string[]) => string

/** Makes a digest (HMAC-SHA-256) under a key that nobody else has and that ends with the process. */
export function createDigest(): Digest {
  const key = randomBytes(32)
  // JSON keeps the fields apart, and the halves of surrogate pairs, which UTF-8 makes one and the same of.
  return (...fields) => createHmac('sha256', key).update(JSON.stringify(fields)).digest('base64')
}

/** What stands for an account as a key. */
export function accountOf({ user, server }: { readonly user: string; readonly server: string }): string {
  return JSON.stringify([user, server])
}
