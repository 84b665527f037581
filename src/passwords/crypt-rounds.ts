/**
 * The loops of crypt(3): SHA-crypt (U. Drepper, "Unix crypt using SHA-256 and SHA-512", 2008) and what it was made from,
 * the MD5-crypt of FreeBSD, which Apache's `htpasswd` uses with a name of its own; and the SHA1-crypt of NetBSD.
 *
 * @module
 */
import { createHmac, hash } from 'node:crypto'
import { encode } from './crypt-base64.ts'

/** What stands behind the last `$` of a `$5$` or `$6$` hash. */
export function shaCrypt(
  digest: 'sha256' | 'sha512',
  rounds: number,
  salt: Uint8Array,
  password: Uint8Array,
): string {
  const alternate = sum(digest, password, salt, password)
  const mixed = inBits(password.length, alternate, password)
  const start = sum(digest, password, salt, repeat(alternate, password.length), ...mixed)
  const keys = {
    password: repeat(sum(digest, ...times(password.length, password)), password.length),
    salt: repeat(sum(digest, ...times(16 + (start[0] ?? 0), salt)), salt.length),
  }
  return encode(permute(mixRounds(digest, rounds, start, keys), ORDERS[digest]))
}

const MD5_ROUNDS = 1000

/** What stands behind the last `$` of a `$1$` or `$apr1$` hash. */
export function md5Crypt(name: '$1$' | '$apr1$', salt: Uint8Array, password: Uint8Array): string {
  const alternate = sum('md5', password, salt, password)
  const mixed = inBits(password.length, Buffer.of(0), password.subarray(0, 1))
  const start = sum('md5', password, Buffer.from(name), salt, repeat(alternate, password.length), ...mixed)
  return encode(permute(mixRounds('md5', MD5_ROUNDS, start, { password, salt }), ORDERS.md5))
}

/** What stands behind the last `$` of a `$sha1$` hash: of an HMAC of an HMAC, with the password as the key each time. */
export function sha1Crypt(rounds: number, salt: Uint8Array, password: Uint8Array): string {
  const start = Buffer.concat([salt, Buffer.from(`$sha1$${rounds}`)])
  let result = createHmac('sha1', password).update(start).digest()
  for (let round = 1; round < rounds; round++) result = createHmac('sha1', password).update(result).digest()
  return encode(permute(result, ORDERS.sha1))
}

type Digest = 'md5' | 'sha256' | 'sha512'

/** In which order the bytes of the digest are written. */
// biome-ignore format: one group of the specification after the other
const ORDERS = {
  sha1: [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 17, 16, 15, 0, 19, 18],
  md5: [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11],
  sha256: [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29, 19, 9,
    30, 31,
  ],
  sha512: [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51, 30, 9,
    10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59, 60, 39, 18, 19,
    61, 40, 41, 20, 62, 63,
  ],
} as const

/** Digests of digests, with password and salt in a pattern that repeats after 42 rounds. */
function mixRounds(
  digest: Digest,
  rounds: number,
  start: Buffer,
  { password, salt }: { readonly password: Uint8Array; readonly salt: Uint8Array },
): Buffer {
  const input = Buffer.alloc(2 * password.length + salt.length + start.length)
  let result = start
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1
    let end = put(input, 0, isOdd ? password : result)
    if (round % 3 !== 0) end = put(input, end, salt)
    if (round % 7 !== 0) end = put(input, end, password)
    end = put(input, end, isOdd ? result : password)
    result = hash(digest, input.subarray(0, end), 'buffer')
  }
  return result
}

function put(target: Buffer, at: number, part: Uint8Array): number {
  target.set(part, at)
  return at + part.length
}

function sum(digest: Digest, ...parts: readonly Uint8Array[]): Buffer {
  return hash(digest, Buffer.concat(parts), 'buffer')
}

/** One part for each bit of the number, the lowest first. */
function inBits(number: number, one: Uint8Array, zero: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let rest = number; rest > 0; rest >>= 1) parts.push(rest % 2 === 1 ? one : zero)
  return parts
}

function times(count: number, part: Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, () => part)
}

/** The bytes again and again, up to a length. */
function repeat(bytes: Uint8Array, length: number): Buffer {
  return Buffer.alloc(length, bytes)
}

function permute(bytes: Buffer, order: readonly number[]): Uint8Array {
  return Uint8Array.from(order, (at) => bytes[at] ?? 0)
}
