import type { PasswordFormats, WeakFormat } from '../../src/passwords/formats.ts'

/** A hash that somebody else has published together with its password. */
export interface Vector {
  readonly source: string
  readonly password: string
  readonly hash: string
  /** What has to be asked for. */
  readonly formats?: PasswordFormats
}

/** Vectors of one source, as pairs of a password and its hash. */
export function vectors(
  source: string,
  pairs: readonly (readonly [password: string, hash: string])[],
  formats: PasswordFormats = {},
): Vector[] {
  return pairs.map(([password, hash]) => ({ source, password, hash, formats }))
}

/** Everything weak is allowed. */
export const ALL_WEAK: readonly WeakFormat[] = [
  'plain',
  'md5',
  'sha1',
  'sha224',
  'sha256',
  'sha384',
  'sha512',
  'md5-salted',
  'sha1-salted',
  'sha224-salted',
  'sha256-salted',
  'sha384-salted',
  'sha512-salted',
]
