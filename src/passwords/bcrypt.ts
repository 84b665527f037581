/**
 * bcrypt, stored as `$2y$12$`, 22 characters of salt and 31 of hash in an alphabet of its own. `2a`, `2b` and `2y` name
 * the same thing, made by versions that differed in their faults; `2x` is it for passwords in ASCII: crypt_blowfish took
 * all other bytes for negative numbers until 1.0.4 (CVE-2011-2483).
 *
 * @module
 */
import { HashError } from '../errors.ts'
import type { HashContext, HashFamily, NewHashes } from './family.ts'
import type { PasswordFormats } from './formats.ts'
import { findBcrypt } from './packages.ts'
import { readNumber } from './phc.ts'

/** The family of `$2a$`, `$2b$`, `$2x$` and `$2y$` hashes. */
export const bcrypt: HashFamily & NewHashes = { check, verify, hash: makeHash }

/** bcrypt reads no more than so many bytes of a password. */
const MOST_PASSWORD_BYTES = 72

/** What PHP 8.4 and Laravel make: a quarter of a second of one core. */
const NEW_COST = 12

const LEAST_COST = 4
/** Four times 12: a second of one core. A login has five, in which a password may be tried in two forms. */
const MOST_COST = 14

function check(hash: string, { formats }: HashContext): void {
  parse(hash)
  findBcrypt(formats)
}

async function verify(hash: string, password: string, { formats, signal }: HashContext): Promise<boolean> {
  const clean = parse(hash)
  const load = findBcrypt(formats)
  const bytes = Buffer.from(password + (formats.pepper ?? ''))
  // Those who make hashes refuse it, and an implementation in C would take it for the end.
  if (bytes.includes(0)) return false
  const read = bytes.subarray(0, MOST_PASSWORD_BYTES)
  if (hash.startsWith('$2x$')) checkAscii(read)
  const bcrypt = await load()
  signal?.throwIfAborted()
  return (await bcrypt.verify(read, clean)) === true
}

async function makeHash(password: string, formats: PasswordFormats): Promise<string> {
  const bytes = Buffer.from(password + (formats.pepper ?? ''))
  checkNewPassword(bytes)
  const bcrypt = await findBcrypt(formats)()
  return bcrypt.hash(bytes, { cost: NEW_COST, version: '2y' })
}

function checkAscii(bytes: Buffer): void {
  if (bytes.every((byte) => byte < 128)) return
  throw new HashError(
    'Expected a password for a bcrypt hash of a faulty crypt_blowfish ($2x$) to be ASCII, got other letters: for them ' +
      'the fault would have to be repeated; give this user a new password',
  )
}

/** Returns the hash as every implementation writes and reads it. */
function parse(hash: string): string {
  const match =
    /^(\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30})([./A-Za-z0-9])$/.exec(hash)
  if (!match) {
    throw new HashError(
      `Expected a bcrypt hash to have a cost of 2 digits and 53 characters of salt and hash, got another form of ${hash.length} characters`,
    )
  }
  const [, beginning = '', cost = '', salt = '', middle = '', key = ''] = match
  readNumber('bcrypt', 'cost', cost.replace(/^0/, ''), LEAST_COST, MOST_COST)
  // Of 132 and 186 bits, 128 and 184 count. Old libraries left in the others what happened to be there.
  return beginning.replace('$2x$', '$2y$') + withoutLowBits(salt, 4) + middle + withoutLowBits(key, 2)
}

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function withoutLowBits(character: string, bits: number): string {
  return ALPHABET.charAt((ALPHABET.indexOf(character) >> bits) << bits)
}

function checkNewPassword(bytes: Buffer): void {
  if (bytes.includes(0)) throw new HashError('Expected a password for bcrypt to have no NUL, got one')
  if (bytes.length <= MOST_PASSWORD_BYTES) return
  throw new HashError(
    `Expected a password for bcrypt to have at most ${MOST_PASSWORD_BYTES} bytes, its pepper included, got ${bytes.length}`,
  )
}
