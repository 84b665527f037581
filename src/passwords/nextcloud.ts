/**
 * Nextcloud's hashes (`OC\Security\Hasher`): the version of the scheme and a bar before what PHP made, argon2id for 3,
 * argon2i for 2 and bcrypt for 1.
 *
 * @module
 */
import { HashError } from '../errors.ts'
import type { HashFamily } from './family.ts'

/** The family of `3|$argon2id$`, `2|$argon2i$` and `1|$2y$` hashes. */
export const nextcloud: HashFamily = {
  check: (hash, { checkInner }) => checkInner(innerOf(hash)),
  verify: async (hash, password, { verifyInner }) => verifyInner(innerOf(hash), password),
}

function innerOf(hash: string): string {
  const inner = hash.slice('3|'.length)
  if (/^\$(2[aby]|argon2(i|id))\$/.test(inner)) return inner
  throw new HashError('Expected a Nextcloud hash to have bcrypt or argon2 behind its bar, got something else')
}
