/**
 * The loop of phpass: a digest of a digest, with the password each time.
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** Digest of salt and password, then `rounds` times of the last digest and password. */
export function stretchPhpass(
  digest: 'md5' | 'sha512',
  rounds: number,
  salt: Uint8Array,
  password: Uint8Array,
): Uint8Array {
  let hash = createHash(digest).update(salt).update(password).digest()
  for (let round = 0; round < rounds; round++)
    hash = createHash(digest).update(hash).update(password).digest()
  return hash
}
