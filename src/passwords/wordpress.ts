/**
 * WordPress 6.8 and newer: `$wp` before a bcrypt hash, over an HMAC of the password, so that bcrypt reads all of it.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import { HashError } from '../errors.ts'
import { bcrypt } from './bcrypt.ts'
import type { HashContext, HashFamily, NewHashes } from './family.ts'
import type { PasswordFormats } from './formats.ts'

/** The family of `$wp$2y$` hashes. */
export const wordpress: HashFamily & NewHashes = {
  check: (hash, context) => context.checkInner(innerOf(hash)),
  verify,
  hash: makeHash,
}

const PREFIX = '$wp'

/** WordPress refuses what is longer, in bytes. */
const MOST_PASSWORD_BYTES = 4096

async function verify(hash: string, password: string, context: HashContext): Promise<boolean> {
  const inner = innerOf(hash)
  if (Buffer.byteLength(password) > MOST_PASSWORD_BYTES) return false
  return (await context.verifyInner(inner, derive(password))) === true
}

async function makeHash(password: string, { bcrypt: given }: PasswordFormats): Promise<string> {
  const bytes = Buffer.byteLength(password)
  if (bytes > MOST_PASSWORD_BYTES) {
    throw new HashError(
      `Expected a password for WordPress to have at most ${MOST_PASSWORD_BYTES} bytes, got ${bytes}`,
    )
  }
  return PREFIX + (await bcrypt.hash(derive(password), given === undefined ? {} : { bcrypt: given }))
}

function innerOf(hash: string): string {
  const inner = hash.slice(PREFIX.length)
  if (inner.startsWith('$2')) return inner
  throw new HashError('Expected a WordPress hash to have a bcrypt hash behind $wp, got something else')
}

/** The password as its login page takes it, without white space around it (that of PHP's trim). */
function derive(password: string): string {
  const trimmed = password.replace(/^[ \t\n\r\0\v]+|[ \t\n\r\0\v]+$/g, '')
  return createHmac('sha384', 'wp-sha384').update(trimmed).digest('base64')
}
