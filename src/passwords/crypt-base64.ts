/**
 * The base64 of crypt(3): an alphabet of its own, and the first bits of a group first.
 *
 * @module
 */

/** The characters for 0 to 63. */
export const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Encodes bytes, three of them in four characters, the low bits first. */
export function encode(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3)
    const value = (group[0] ?? 0) | ((group[1] ?? 0) << 8) | ((group[2] ?? 0) << 16)
    text += encodeBits(value, group.length + 1)
  }
  return text
}

/** Decodes what `encode` makes of so many bytes; of anything else it makes other bytes. */
export function decode(text: string): Buffer {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at += 4) {
    const group = text.slice(at, at + 4)
    const value = decodeBits(group)
    for (let bit = 0; bit + 8 <= 6 * group.length; bit += 8) bytes.push((value >> bit) & 255)
  }
  return Buffer.from(bytes)
}

/** A number of up to 30 bits, the low ones first. */
export function decodeBits(text: string): number {
  return [...text].reduceRight((value, character) => 64 * value + ALPHABET.indexOf(character), 0)
}

function encodeBits(value: number, length: number): string {
  return Array.from({ length }, (_, at) => ALPHABET[(value >> (6 * at)) & 63]).join('')
}
