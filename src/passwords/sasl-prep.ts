/**
 * Passwords as RFC 4013 (SASLprep) wants them hashed for SCRAM.
 *
 * @module
 */
import { MAPPED_TO_NOTHING } from '../accounts/prepare.ts'
import { LONGEST } from './opaque-string.ts'

// RFC 3454, table C.1.2.
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu

/**
 * Brings a password into the form of RFC 4013, section 2, without its refusals: nothing invisible, every kind of space
 * an ASCII space, NFKC. ejabberd's resourceprep does the same with all that it does not refuse.
 *
 * A password of more than {@link LONGEST} UTF-16 units stays as it is.
 */
export function prepareSasl(password: string): string {
  if (password.length > LONGEST) return password
  return password.replace(SPACES, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC')
}
