/**
 * What an administrator can say about the hashes in a store.
 *
 * @module
 */

import { HashError } from '../errors.ts'
import {
  checkOptions,
  listOf,
  oneOf,
  optional,
  type Rule,
  type Rules,
  secret,
  text,
} from '../option-rules.ts'
import { findArgon2, findBcrypt } from './packages.ts'

/** Digests that are made to be fast, with or without a salt. */
export type WeakDigest = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

/**
 * A way to store passwords that protects none of them once the store has leaked, whatever it is spelt like: `md5` is
 * `{MD5}`, `{PLAIN-MD5}` and 32 hexadecimal digits.
 */
export type WeakFormat = 'plain' | WeakDigest | `${WeakDigest}-salted`

/** The format that new passwords are stored in. */
export type NewHashFormat =
  | 'scrypt'
  | 'bcrypt'
  | 'argon2id'
  | 'django'
  | 'wordpress'
  | 'ssha512'
  | 'sha512-crypt'

/** What is used of `@node-rs/bcrypt`. */
export interface BcryptPackage {
  hash(password: Uint8Array, options: { readonly cost: number; readonly version: '2y' }): Promise<string>
  verify(password: Uint8Array, hash: string): Promise<boolean>
}

/** What is used of `@node-rs/argon2`. */
export interface Argon2Package {
  hash(
    password: string,
    options: { readonly memoryCost: number; readonly timeCost: number; readonly parallelism: number },
  ): Promise<string>
  verify(hash: string, password: string): Promise<boolean>
}

/** Which hashes are understood beside those that are safe to recognise, and which ones are made. */
export interface PasswordFormats {
  /**
   * A secret that is appended to each password before it goes into bcrypt, as Devise does (`config.pepper`). Hashes of
   * other formats are verified without it.
   */
  readonly pepper?: string
  /** Formats that are understood only when they are named here, because they protect nothing. */
  readonly weak?: readonly WeakFormat[]
  /**
   * The format that new passwords are stored in, so that whoever else uses the store can read them: `bcrypt` for PHP,
   * Laravel, Drupal and Devise, `django`, `wordpress` (6.8 and newer), `argon2id`, `ssha512` for LDAP and Dovecot,
   * `sha512-crypt` for crypt(3).
   *
   * @default 'scrypt'
   */
  readonly newHashes?: NewHashFormat
  /** The package `@node-rs/bcrypt`, if it is not installed where this package is. */
  readonly bcrypt?: BcryptPackage
  /** The package `@node-rs/argon2`, likewise. */
  readonly argon2?: Argon2Package
}

const WEAK_FORMATS: Readonly<Record<WeakFormat, true>> = {
  plain: true,
  md5: true,
  sha1: true,
  sha224: true,
  sha256: true,
  sha384: true,
  sha512: true,
  'md5-salted': true,
  'sha1-salted': true,
  'sha224-salted': true,
  'sha256-salted': true,
  'sha384-salted': true,
  'sha512-salted': true,
}

const NEW_HASH_FORMATS: Readonly<Record<NewHashFormat, true>> = {
  scrypt: true,
  bcrypt: true,
  argon2id: true,
  django: true,
  wordpress: true,
  ssha512: true,
  'sha512-crypt': true,
}

const RULES: Rules<PasswordFormats> = {
  pepper: optional(secret(text)),
  weak: optional(listOf(oneOf(...Object.keys(WEAK_FORMATS)))),
  newHashes: optional(oneOf(...Object.keys(NEW_HASH_FORMATS))),
  bcrypt: optional(packageWith('@node-rs/bcrypt')),
  argon2: optional(packageWith('@node-rs/argon2')),
}

/**
 * Throws a `TypeError` for the first option that is unknown or wrong, and a `MissingPackageError` if a package is not
 * installed without which no new password could be stored. A package that only a stored hash asks for is missed when
 * that hash is met.
 *
 * @param owner The word before the options in the administrator's file, such as `sql`.
 */
export function checkFormats(owner: string, formats: PasswordFormats): void {
  checkOptions(owner, formats, RULES)
  const { newHashes } = formats
  if (newHashes === 'bcrypt' || newHashes === 'wordpress') findBcrypt(formats)
  if (newHashes === 'argon2id') findArgon2(formats)
}

/**
 * Throws a `HashError` if a weak format was not asked for.
 *
 * @param what What was found, as the subject of a sentence: `a {SHA} hash`.
 */
export function requireWeak(formats: PasswordFormats, format: WeakFormat, what: string): void {
  if (formats.weak?.includes(format)) return
  throw new HashError(
    `Found ${what}, which protects no password once the store has leaked: understood only with the option weak: ['${format}']`,
  )
}

function packageWith(name: string): Rule {
  return {
    expected: `the package ${name}`,
    isValid: (value) => isPackage(value, 'hash') && isPackage(value, 'verify'),
  }
}

function isPackage(value: unknown, name: string): boolean {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return typeof (value as Readonly<Record<string, unknown>>)[name] === 'function'
}
