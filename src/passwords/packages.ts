/**
 * The packages that some formats need.
 *
 * @module
 */
import { peer } from '../peer.ts'
import type { Argon2Package, BcryptPackage, PasswordFormats } from './formats.ts'

/**
 * Looks for `@node-rs/bcrypt`, and returns what imports it.
 *
 * @throws {MissingPackageError} At once, if it is neither given nor installed.
 */
export function findBcrypt({ bcrypt }: PasswordFormats): () => Promise<BcryptPackage> {
  return peer<BcryptPackage>('@node-rs/bcrypt', 'bcrypt', () => import('@node-rs/bcrypt'), bcrypt)
}

/** Looks for `@node-rs/argon2` likewise. */
export function findArgon2({ argon2 }: PasswordFormats): () => Promise<Argon2Package> {
  return peer<Argon2Package>('@node-rs/argon2', 'argon2', () => import('@node-rs/argon2'), argon2)
}
