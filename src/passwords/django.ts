/**
 * Django's hashes (`django.contrib.auth.hashers`):
 *
 *     pbkdf2_sha256$1000000$salt$hash        or pbkdf2_sha1; the salt is text, the hash base64
 *     scrypt$16384$salt$8$5$hash             N, salt, r, p
 *     argon2$argon2id$v=19$...               an argon2 hash behind a word
 *     bcrypt_sha256$$2b$12$...               bcrypt of the SHA-256 of the password, in hexadecimal
 *     bcrypt$$2b$12$...
 *     md5$salt$hash, sha1$salt$hash          digest of salt and password, weak formats
 *
 * What it has in common with others is written as they write it, and handed on.
 *
 * @module
 */
import { createHash, pbkdf2, randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { HashError } from '../errors.ts'
import { isHexDigest } from './digest.ts'
import type { HashContext, HashFamily, NewHashes } from './family.ts'
import { type PasswordFormats, requireWeak } from './formats.ts'
import { readNumber, writeBase64 } from './phc.ts'

/** The family of the hashes that Django makes. */
export const django: HashFamily & NewHashes = {
  async check(hash, context) {
    const parsed = parse(hash, context.formats)
    if ('inner' in parsed) await context.checkInner(parsed.inner)
  },
  verify,
  hash: makeHash,
}

/** What Django 5.2 makes. */
const NEW_ITERATIONS = 1_000_000
const SALT_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const SALT_LENGTH = 22

/** A hash as another family writes it, perhaps of the hexadecimal SHA-256 of the password; or a salted digest. */
type Parsed =
  | { readonly inner: string; readonly ofSha256?: true }
  | { readonly digest: 'md5' | 'sha1'; readonly salt: string; readonly hex: string }

async function verify(hash: string, password: string, context: HashContext): Promise<boolean> {
  const parsed = parse(hash, context.formats)
  if ('digest' in parsed) return isHexDigest(parsed.digest, parsed.hex, parsed.salt, password)
  const secret = parsed.ofSha256 === true ? createHash('sha256').update(password).digest('hex') : password
  return (await context.verifyInner(parsed.inner, secret)) === true
}

async function makeHash(password: string): Promise<string> {
  const salt = Array.from({ length: SALT_LENGTH }, () => SALT_LETTERS[randomInt(SALT_LETTERS.length)]).join(
    '',
  )
  const key = await promisify(pbkdf2)(password, salt, NEW_ITERATIONS, 32, 'sha256')
  return `pbkdf2_sha256$${NEW_ITERATIONS}$${salt}$${key.toString('base64')}`
}

function parse(hash: string, formats: PasswordFormats): Parsed {
  const name = hash.slice(0, hash.indexOf('$'))
  const rest = hash.slice(name.length)
  switch (name) {
    case 'pbkdf2_sha256':
    case 'pbkdf2_sha1':
      return { inner: toPbkdf2(name.slice('pbkdf2_'.length), rest) }
    case 'scrypt':
      return { inner: toScrypt(rest) }
    case 'argon2':
      return { inner: behind(rest, '$argon2') }
    case 'bcrypt':
      return { inner: behind(rest.slice(1), '$2') }
    case 'bcrypt_sha256':
      return { inner: behind(rest.slice(1), '$2'), ofSha256: true }
    case 'md5':
    case 'sha1':
      return toDigest(name, rest, formats)
    default:
      throw new HashError('Expected a Django hash of a format that is understood, got something else')
  }
}

function toPbkdf2(digest: string, text: string): string {
  const [, iterations = '', salt = '', key = ''] = /^\$([0-9]+)\$([^$]*)\$([^$]+)$/.exec(text) ?? []
  if (key === '') throw malformed(`pbkdf2_${digest}`, 'iterations, salt and hash')
  return `$pbkdf2-${digest}$i=${iterations}$${writeBase64(Buffer.from(salt))}$${withoutPadding(key)}`
}

function toScrypt(text: string): string {
  const match = /^\$([0-9]+)\$([^$]*)\$([0-9]+)\$([0-9]+)\$([^$]+)$/.exec(text)
  if (!match) throw malformed('scrypt', 'N, salt, r, p and hash')
  const [, n = '', salt = '', r, p, key = ''] = match
  const ln = Math.log2(readNumber('scrypt', 'N', n, 2, 2 ** 31))
  if (!Number.isInteger(ln)) throw malformed('scrypt', 'a power of two for N')
  return `$scrypt$ln=${ln},r=${r},p=${p}$${writeBase64(Buffer.from(salt))}$${withoutPadding(key)}`
}

function toDigest(digest: 'md5' | 'sha1', text: string, formats: PasswordFormats): Parsed {
  const length = digest === 'md5' ? 32 : 40
  const [, salt, hex = ''] = /^\$([^$]*)\$([0-9a-f]+)$/.exec(text) ?? []
  if (salt === undefined || hex.length !== length) throw malformed(digest, `salt and ${length} digits`)
  requireWeak(formats, salt === '' ? digest : `${digest}-salted`, `a ${digest} hash of Django`)
  return { digest, salt, hex }
}

function behind(text: string, beginning: string): string {
  if (text.startsWith(beginning)) return text
  throw new HashError(`Expected a hash with ${beginning} inside of a Django hash, got something else`)
}

function withoutPadding(base64: string): string {
  return base64.replace(/={1,2}$/, '')
}

function malformed(format: string, parts: string): HashError {
  return new HashError(`Expected a ${format} hash of Django to have ${parts}, got something else`)
}
