/**
 * Passwords as RFC 8265 wants them compared.
 *
 * @module
 */

/**
 * Brings a password into the one form in which it is compared: NFC, and every kind of space an ASCII space.
 *
 * The same password typed on two systems arrives as different bytes. This is the OpaqueString profile of RFC
 * 8265, section 4.2, without its refusals: control characters, which it forbids, do come in SASL PLAIN.
 */
export function prepareOpaqueString(password: string): string {
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC')
}
