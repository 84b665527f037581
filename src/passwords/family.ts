/**
 * What a family of password hashes has to bring, to be listed in `registry.ts`.
 *
 * @module
 */

/** One family of stored hashes: how it is recognised, and how a password is held against it. */
export interface HashFamily {
  /** For messages, for example `scrypt`. */
  readonly name: string
  /** A hash that starts with one of these is of this family, well formed or not. */
  readonly prefixes: readonly string[]
  /**
   * Throws a `HashError` if the hash is malformed or asks for more work or memory than is allowed here. The
   * message says what is wrong with it and prints neither the hash nor a part of it.
   */
  check(hash: string): void
  /**
   * Is this the password? Works off the event loop, compares in constant time, and rejects with a `HashError`
   * for what `check` refuses. The password is used as it is given, without preparation.
   */
  verify(hash: string, password: string, signal?: AbortSignal): Promise<boolean>
  /** Makes a new hash, for the families that new passwords are stored in. */
  hash?(password: string): Promise<string>
}
