/**
 * Schemes in braces that are digests of the password, with and without salt, or the password itself.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { requireWeak, type WeakDigest } from './formats.ts'
import { equalTexts } from './plain.ts'
import { type Content, decodeDigest, decodeText, type Scheme, type SchemeHash } from './scheme-content.ts'

/** By their names in upper case. */
export const DIGEST_SCHEMES: Readonly<Record<string, Scheme>> = {
  SMD5: salted('md5', 16),
  SSHA: salted('sha1', 20),
  SSHA256: salted('sha256', 32),
  SSHA384: salted('sha384', 48),
  SSHA512: salted('sha512', 64),
  MD5: unsalted('md5', 16),
  'PLAIN-MD5': unsalted('md5', 16),
  'LDAP-MD5': unsalted('md5', 16),
  SHA: unsalted('sha1', 20),
  SHA1: unsalted('sha1', 20),
  SHA224: unsalted('sha224', 28),
  SHA256: unsalted('sha256', 32),
  SHA384: unsalted('sha384', 48),
  SHA512: unsalted('sha512', 64),
  PLAIN: asItIs,
  CLEAR: asItIs,
  CLEARTEXT: asItIs,
}

const NEW_SALT_BYTES = 16
const MOST_SALT_BYTES = 1024

/** Makes an `{SSHA512}` hash: OpenLDAP (with its module pw-sha2) and Dovecot read it. */
export async function makeSaltedHash(password: string): Promise<string> {
  const salt = randomBytes(NEW_SALT_BYTES)
  return `{SSHA512}${Buffer.concat([digestOf('sha512', password, salt), salt]).toString('base64')}`
}

function salted(name: string, bytes: number): Scheme {
  return (content) => {
    const found = decodeDigest(content, bytes, 1, MOST_SALT_BYTES)
    const digest = found.subarray(0, bytes)
    const salt = found.subarray(bytes)
    return {
      check: () => undefined,
      verify: async (password) => timingSafeEqual(digestOf(name, password, salt), digest),
    }
  }
}

function unsalted(name: WeakDigest, bytes: number): Scheme {
  return (content) => {
    const digest = decodeDigest(content, bytes, 0, 0)
    return {
      check: ({ formats }) => requireWeak(formats, name, `a digest without salt (${name})`),
      verify: async (password) => timingSafeEqual(digestOf(name, password, Buffer.alloc(0)), digest),
    }
  }
}

function asItIs(content: Content): SchemeHash {
  const stored = decodeText(content)
  return {
    check: ({ formats }) => requireWeak(formats, 'plain', 'a password as it is'),
    verify: async (password) => equalTexts(stored, password),
  }
}

function digestOf(name: string, password: string, salt: Uint8Array): Buffer {
  return createHash(name).update(password).update(salt).digest()
}
