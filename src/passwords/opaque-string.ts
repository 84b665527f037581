/**
 * Passwords as RFC 8265 wants them compared.
 *
 * @module
 */

/**
 * The longest password that is brought into another form, in UTF-16 units: a form costs the square of the length, and
 * somebody without an account could keep a worker busy for a second with each login.
 */
export const LONGEST = 1024

/**
 * Brings a password into the one form in which it is compared: NFC, and every kind of space an ASCII space.
 *
 * The same password typed on two systems arrives as different bytes. This is the OpaqueString profile of RFC
 * 8265, section 4.2, without its refusals: control characters, which it forbids, do come in SASL PLAIN. A password
 * longer than {@link LONGEST} stays as it is.
 */
export function prepareOpaqueString(password: string): string {
  if (password.length > LONGEST) return password
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC')
}
