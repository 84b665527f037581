/**
 * What stands in the place of a hash where nobody is to log in with a password: `!` (Django, with 40 characters after
 * it), `*` and `!!` (shadow files), a hash behind `!`, `!!`, `*LK*` or `*LOCKED*`.
 *
 * @module
 */
import type { HashFamily } from './family.ts'

/** The family of hashes that are of no password. */
export const locked: HashFamily = {
  check: () => undefined,
  verify: () => Promise.resolve(false),
}
