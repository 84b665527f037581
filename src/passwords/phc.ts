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
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw malformed(format, name, 'base64 without padding')
  return checkLength(format, name, bytes, least, most)
}

/** Decodes base64 likewise, whether it is padded or not. */
export function readPaddedBase64(
  format: string,
  name: string,
  text: string,
  least: number,
  most: number,
): Buffer {
  const bytes = decodeBase64(text.replace(/={1,2}$/, ''))
  if (bytes === undefined) throw malformed(format, name, 'base64')
  return checkLength(format, name, bytes, least, most)
}

/** Decodes hexadecimal digits likewise. */
export function readHex(format: string, name: string, text: string, least: number, most: number): Buffer {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw malformed(format, name, 'hexadecimal')
  return checkLength(format, name, Buffer.from(text, 'hex'), least, most)
}

/** Node's decoder takes anything; only what encodes to the same text again was base64. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return writeBase64(bytes) === text ? bytes : undefined
}

function malformed(format: string, name: string, expected: string): HashError {
  return new HashError(`Expected the ${name} of a ${format} hash to be ${expected}, got something else`)
}

function checkLength(format: string, name: string, bytes: Buffer, least: number, most: number): Buffer {
  if (bytes.length >= least && bytes.length <= most) return bytes
  const range = least === most ? `${most}` : `${least} to ${most}`
  throw new HashError(`Expected the ${name} of a ${format} hash to have ${range} bytes, got ${bytes.length}`)
}

/** Encodes bytes as base64 without padding. */
export function writeBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
