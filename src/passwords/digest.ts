/**
 * Digests in hexadecimal, as old web applications keep them; all of them are weak formats:
 *
 *     5f4dcc3b5aa765d61d8327deb882cf99                   32 digits are MD5, 40 SHA-1, 56 to 128 SHA-224 to SHA-512
 *     b9d011f2ad9ae6e2a8e3bd8a8bc0ea4b:salt              Joomla until 2.5, osCommerce: MD5 of password and salt
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { HashError } from '../errors.ts'
import type { HashContext, HashFamily } from './family.ts'
import { type PasswordFormats, requireWeak, type WeakDigest, type WeakFormat } from './formats.ts'

/** The family of digests in hexadecimal. */
export const digest: HashFamily = {
  check: (hash, { formats }) => void parse(hash, formats),
  verify,
}

const DIGESTS: Readonly<Record<number, WeakDigest>> = {
  32: 'md5',
  40: 'sha1',
  56: 'sha224',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
}

/** Which digest has so many hexadecimal digits? */
export function digestOfLength(digits: number): WeakDigest | undefined {
  return DIGESTS[digits]
}

/** Is this the digest, in hexadecimal, of these texts one after the other? Takes a microsecond. */
export function isHexDigest(name: WeakDigest, hex: string, ...texts: readonly string[]): boolean {
  const found = createHash(name)
  for (const text of texts) found.update(text)
  const expected = Buffer.from(hex, 'hex')
  const actual = found.digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

async function verify(hash: string, password: string, { formats }: HashContext): Promise<boolean> {
  const { name, hex, salt } = parse(hash, formats)
  return isHexDigest(name, hex, password, salt)
}

function parse(hash: string, formats: PasswordFormats): { name: WeakDigest; hex: string; salt: string } {
  const [hex = '', ...salt] = hash.split(':')
  const name = /^[0-9a-f]+$/i.test(hex) ? digestOfLength(hex.length) : undefined
  if (name === undefined || (salt.length > 0 && name !== 'md5')) {
    throw new HashError(
      `Expected a hexadecimal digest of 32, 40, 56, 64, 96 or 128 digits, got something else of ${hash.length} characters`,
    )
  }
  const format: WeakFormat = salt.length > 0 ? 'md5-salted' : name
  requireWeak(formats, format, `a hexadecimal digest (${format})`)
  return { name, hex, salt: salt.join(':') }
}
