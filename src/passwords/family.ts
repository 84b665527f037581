/**
 * What a family of password hashes has to bring, to be listed in `families.ts`.
 *
 * @module
 */
import type { PasswordFormats } from './formats.ts'

/** One family of stored hashes: how a password is held against them. */
export interface HashFamily {
  /**
   * Throws a `HashError` if the hash is malformed, asks for more work or memory than is allowed here, or is of a
   * weak format that was not asked for; and a `MissingPackageError` if it cannot be verified without one. The message
   * says what is wrong and prints neither the hash nor a part of it.
   */
  check(hash: string, context: HashContext): void | Promise<void>
  /**
   * Is this the password? Works off the event loop, compares in constant time, and rejects for what `check` refuses.
   * The password is used as it is given, without preparation.
   */
  verify(hash: string, password: string, context: HashContext): Promise<boolean>
}

/** A family that new passwords can be stored in. */
export interface NewHashes {
  /** Makes a new hash of a password that is prepared already. */
  hash(password: string, formats: PasswordFormats): Promise<string>
}

/** What surrounds a hash that is looked at. */
export interface HashContext {
  readonly formats: PasswordFormats
  /** Aborted when nobody waits for the answer any more; looked at before work begins. */
  readonly signal?: AbortSignal | undefined
  /**
   * Checks the hash inside of a wrapper, such as `$6$...` in `{CRYPT}$6$...`, with the family that it is of. Weak formats
   * and wrappers are not understood there.
   */
  checkInner(hash: string): Promise<void>
  /** Verifies it likewise. What a wrapper hands on is used as it is: without a pepper. */
  verifyInner(hash: string, password: string): Promise<boolean>
}
