/**
 * The memory of verified passwords: why a server that restarts does not hash ten thousand passwords at once.
 *
 * @module
 */

import { hash as digestOf, randomBytes } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'

/** Pairs of a stored hash and the password that was found to be right for it. */
export interface Memory {
  /** Was this password verified against this very hash? Takes some microseconds and never waits. */
  has(hash: string, password: string): boolean
  /** Remember that this password is right for this hash; the pair that was used least recently may be dropped. */
  add(hash: string, password: string): void
}

/** An entry takes about 300 bytes, hash included: 20 MB when full. Beyond it, a login costs a hash again. */
const MOST_ENTRIES = 65_536

/**
 * Makes an empty memory, for at most `limit` pairs (default 65 536).
 *
 * It holds no password, but a SHA-256 of a secret made here and the password. It is looked up by the stored hash: who
 * reads the stored hash anew each time finds nothing after a change.
 */
export function createMemory(limit: number = MOST_ENTRIES): Memory {
  const secret = randomBytes(32).toString('hex')
  const entries = new BoundedMap<string>(limit)
  // Nobody sees a digest, or has one made of more than a password: an HMAC, at more than twice the time, adds nothing.
  // The time of `!==` may tell how much of two digests is the same. Who does not know the secret can neither compute nor
  // choose a digest: that tells nothing of the password, and `timingSafeEqual` would add nothing.
  const digest = (password: string) => digestOf('sha256', secret + password, 'hex')

  return {
    has(hash, password) {
      // Who guesses keeps no pair: only the right password uses it.
      const entry = entries.peek(hash)
      if (entry === undefined || entry !== digest(password)) return false
      entries.set(hash, entry)
      return true
    },
    add(hash, password) {
      entries.set(hash, digest(password))
    },
  }
}
