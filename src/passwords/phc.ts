/**
 * The pieces that hashes written as `$name$parameters$salt$hash` (PHC strings) are made of.
 *
 * @module
 */

import { HashError } from '../errors.ts'

/** Takes what stands between the `$` apart, or throws a `HashError` if that is not as many fields as named. */
export function splitFields<Names extends readonly string[]>(
  format: string,
  hash: string,
  names: Names,
): { [Index in keyof Names]: string } {
  const fields = hash.split('$').slice(1)
  if (fields.length !== names.length) {
    throw new HashError(
      `Expected a ${format} hash to have ${names.length} fields (${names.join(', ')}), got ${fields.length}`,
    )
  }
  return fields as { [Index in keyof Names]: string }
}

/** Reads a decimal number without sign or leading zero, or throws a `HashError` if it is not in the range. */
export function readNumber(format: string, name: string, text: string, least: number, most: number): number {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new HashError(
    `Expected \`${name}\` of a ${format} hash to be a whole number from ${least} to ${most}, ` +
      `got ${Number.isNaN(value) ? `${text.length} characters that are none` : value}`,
  )
}

/**
 * Decodes base64 without padding (RFC 4648 section 4), or throws a `HashError` if it is not exactly that or not
 * of a length, in bytes, that is allowed.
 */
export function readBase64(format: string, name: string, text: string, least: number, most: number): Buffer {
  const bytes = Buffer.from(text, 'base64')
  // Node's decoder takes anything; only what encodes to the same text again was base64 without padding.
  if (writeBase64(bytes) !== text) {
    throw new HashError(
      `Expected the ${name} of a ${format} hash to be base64 without padding, got something else`,
    )
  }
  if (bytes.length < least || bytes.length > most) {
    throw new HashError(
      `Expected the ${name} of a ${format} hash to have ${least} to ${most} bytes, got ${bytes.length}`,
    )
  }
  return bytes
}

/** Encodes bytes as base64 without padding. */
export function writeBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
