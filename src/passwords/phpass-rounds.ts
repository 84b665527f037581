/**
 * The loop of phpass: a digest of a digest, with the password each time.
 *
 * @module
 */
import { hash } from 'node:crypto'

/** Digest of salt and password, then `rounds` times of the last digest and password. */
export function stretchPhpass(
  digest: 'md5' | 'sha512',
  rounds: number,
  salt: Uint8Array,
  password: Uint8Array,
): Uint8Array {
  let result = hash(digest, Buffer.concat([salt, password]), 'buffer')
  const input = Buffer.concat([result, password])
  for (let round = 0; round < rounds; round++) {
    input.set(result)
    result = hash(digest, input, 'buffer')
  }
  return result
}
