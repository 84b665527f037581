/**
 * Passwords stored as they are.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { HashFamily } from './family.ts'
import { requireWeak } from './formats.ts'

/** The family of passwords that are no hashes. */
export const plain: HashFamily = {
  check: (_, { formats }) => requireWeak(formats, 'plain', 'a password as it is'),
  async verify(stored, password, { formats }) {
    requireWeak(formats, 'plain', 'a password as it is')
    return equalTexts(stored, password)
  },
}

/** Are these the same text? Takes no longer the more of them is equal. */
export function equalTexts(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
