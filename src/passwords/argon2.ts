/**
 * Argon2 (RFC 9106), stored as `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`: memory in KiB, passes, lanes, then salt and
 * hash in base64 without padding. Version 16 (0x10) may be left out.
 *
 * @module
 */
import { HashError } from '../errors.ts'
import type { HashContext, HashFamily, NewHashes } from './family.ts'
import type { PasswordFormats } from './formats.ts'
import { findArgon2 } from './packages.ts'
import { readBase64, readNumber } from './phc.ts'

/** The family of `$argon2i$`, `$argon2d$` and `$argon2id$` hashes. */
export const argon2: HashFamily & NewHashes = { check, verify, hash: makeHash }

/** OWASP's Password Storage Cheat Sheet, the row with 19 MiB, which is the default of the package, too. */
const NEW_HASHES = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** A stored hash may not take a small server's memory: Django asks for 100 MiB, PHP and Nextcloud for 64. */
const MOST_KIB = 256 * 1024
/** KiB times passes: half a second of one core; libsodium's "moderate" asks for three quarters of it. */
const MOST_WORK = 2 ** 20
const MOST_LANES = 64

const LEAST_SALT_BYTES = 8
const MOST_SALT_BYTES = 64
const LEAST_KEY_BYTES = 16
const MOST_KEY_BYTES = 128

function check(hash: string, { formats }: HashContext): void {
  parse(hash)
  findArgon2(formats)
}

async function verify(hash: string, password: string, { formats, signal }: HashContext): Promise<boolean> {
  parse(hash)
  const argon2 = await findArgon2(formats)()
  signal?.throwIfAborted()
  return (await argon2.verify(hash, password)) === true
}

async function makeHash(password: string, formats: PasswordFormats): Promise<string> {
  const argon2 = await findArgon2(formats)()
  return argon2.hash(password, NEW_HASHES)
}

function parse(hash: string): void {
  const match =
    /^\$argon2(?:i|d|id)(?:\$v=(?:16|19))?\$m=([^,$]*),t=([^,$]*),p=([^,$]*)\$([^$]*)\$([^$]*)$/.exec(hash)
  if (!match) {
    throw new HashError(
      'Expected an argon2 hash to be v=19 (or 16), m=,t=,p=, salt and hash, got something else',
    )
  }
  const [, m = '', t = '', p = '', salt = '', key = ''] = match
  checkCost(m, t, p)
  readBase64('argon2', 'salt', salt, LEAST_SALT_BYTES, MOST_SALT_BYTES)
  readBase64('argon2', 'hash', key, LEAST_KEY_BYTES, MOST_KEY_BYTES)
}

function checkCost(m: string, t: string, p: string): void {
  const lanes = readNumber('argon2', 'p', p, 1, MOST_LANES)
  // RFC 9106, section 3.1: at least 8 KiB for each lane.
  const memory = readNumber('argon2', 'm', m, 8 * lanes, MOST_KIB)
  const passes = readNumber('argon2', 't', t, 1, MOST_WORK)
  if (memory * passes <= MOST_WORK) return
  throw new HashError(
    `Expected an argon2 hash to ask for at most m*t = ${MOST_WORK}, got m=${memory},t=${passes}`,
  )
}
