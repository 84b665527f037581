/**
 * scrypt (RFC 7914): the logarithm of N, the block size, the parallelism, then salt and hash.
 *
 *     $scrypt$ln=15,r=8,p=3$salt$hash    PHC: base64 without padding
 *     $7$CU..../....salt$hash            crypt(3), libsodium: the salt is text, all else in the base64 of crypt(3)
 *
 * @module
 */
import { randomBytes, scrypt as scryptWithCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { HashError } from '../errors.ts'
import { decode, decodeBits } from './crypt-base64.ts'
import type { HashContext, HashFamily, NewHashes } from './family.ts'
import { readBase64, readNumber, splitFields, writeBase64 } from './phc.ts'

/** The family of `$scrypt$` and `$7$` hashes, and the one that new passwords are stored in. */
export const scrypt: HashFamily & NewHashes = {
  check: (hash) => void parse(hash),
  verify,
  hash: makeHash,
}

interface Parameters {
  readonly ln: number
  readonly r: number
  readonly p: number
}

interface Parsed extends Parameters {
  readonly salt: Buffer
  readonly key: Buffer
}

/**
 * One of the rows that OWASP's Password Storage Cheat Sheet holds equal to N=2^17, r=8, p=1. It is the one with
 * 32 MiB instead of 128: several workers hash four passwords each at the same time, when everybody logs in again.
 */
const NEW_HASHES: Parameters = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const KEY_BYTES = 32

/** A stored hash may not take a small server's memory: N=2^17 with r=8, the most OWASP names, is half of it. */
const MOST_MEMORY = 256 * 2 ** 20
/**
 * N * r * p, four times that of OWASP's N=2^17, r=8, p=1: two seconds of one core, or three if r is 1. A login has
 * five, in which a password may be tried in two forms.
 */
const MOST_WORK = 2 ** 22

const MOST_SALT_BYTES = 1024
const LEAST_KEY_BYTES = 16
const MOST_KEY_BYTES = 128

async function verify(hash: string, password: string, { signal }: HashContext): Promise<boolean> {
  const { salt, key, ...parameters } = parse(hash)
  signal?.throwIfAborted()
  return timingSafeEqual(await derive(password, salt, key.length, parameters), key)
}

async function makeHash(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, KEY_BYTES, NEW_HASHES)
  const { ln, r, p } = NEW_HASHES
  return `$scrypt$ln=${ln},r=${r},p=${p}$${writeBase64(salt)}$${writeBase64(key)}`
}

function parse(hash: string): Parsed {
  const phc = hash.startsWith('$7$') ? toPhc(hash) : hash
  const [, parameters, salt, key] = splitFields('scrypt', phc, [
    'scrypt',
    'parameters',
    'salt',
    'hash',
  ] as const)
  return {
    ...parseParameters(parameters),
    salt: readBase64('scrypt', 'salt', salt, 0, MOST_SALT_BYTES),
    key: readBase64('scrypt', 'hash', key, LEAST_KEY_BYTES, MOST_KEY_BYTES),
  }
}

/** 32 bytes are 256 bits, and 43 characters 258: the last one has two that are none. */
const CRYPT =
  /^\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})([!-#%-~]*)\$([./0-9A-Za-z]{42}[./0-9A-D])$/

function toPhc(hash: string): string {
  const match = CRYPT.exec(hash)
  if (!match) {
    throw new HashError(
      'Expected a scrypt hash of crypt(3) to have 11 characters of N, r and p, a salt and 43 characters, got something else',
    )
  }
  const [, ln = '', r = '', p = '', salt = '', key = ''] = match
  const parameters = `ln=${decodeBits(ln)},r=${decodeBits(r)},p=${decodeBits(p)}`
  return `$scrypt$${parameters}$${writeBase64(Buffer.from(salt))}$${writeBase64(decode(key))}`
}

function parseParameters(text: string): Parameters {
  const match = /^ln=([^,]*),r=([^,]*),p=([^,]*)$/.exec(text)
  if (!match)
    throw new HashError('Expected the parameters of a scrypt hash to be ln=,r=,p=, got something else')
  const [, ln = '', r = '', p = ''] = match
  const parameters = {
    ln: readNumber('scrypt', 'ln', ln, 1, 31),
    r: readNumber('scrypt', 'r', r, 1, MOST_WORK),
    p: readNumber('scrypt', 'p', p, 1, MOST_WORK),
  }
  checkCost(parameters)
  return parameters
}

function checkCost(parameters: Parameters): void {
  const { ln, r, p } = parameters
  // RFC 7914, section 2: N is less than 2^(128 * r / 8).
  checkLimit('ln below 16 * r', ln, 16 * r - 1, parameters)
  checkLimit('at most 256 MiB of memory', memoryOf(parameters), MOST_MEMORY, parameters)
  checkLimit(`at most N*r*p = ${MOST_WORK}`, 2 ** ln * r * p, MOST_WORK, parameters)
}

function checkLimit(expected: string, value: number, most: number, { ln, r, p }: Parameters): void {
  if (value <= most) return
  throw new HashError(`Expected a scrypt hash to ask for ${expected}, got ln=${ln},r=${r},p=${p}`)
}

/** What OpenSSL counts against its limit, without the constant part: V, and B. */
function memoryOf({ ln, r, p }: Parameters): number {
  return 128 * r * (2 ** ln + p)
}

const scryptAsync = promisify<string, Buffer, number, object, Buffer>(scryptWithCallback)

function derive(password: string, salt: Buffer, length: number, parameters: Parameters): Promise<Buffer> {
  const { ln, r, p } = parameters
  // OpenSSL needs two blocks of 128 * r bytes on top.
  const maxmem = memoryOf(parameters) + 2 * 128 * r + 1024
  return scryptAsync(password, salt, length, { N: 2 ** ln, r, p, maxmem })
}
