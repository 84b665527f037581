/**
 * PBKDF2 (RFC 8018), in two spellings with the same prefix:
 *
 *     $pbkdf2-sha512$i=210000,l=64$salt$hash    PHC: base64 without padding, the length optional
 *     $pbkdf2-sha512$160000$salt$hash           passlib, Pleroma: "adapted" base64, with `.` for `+`
 *
 * passlib writes SHA-1 as `$pbkdf2$`, too.
 *
 * @module
 */

import { pbkdf2 as pbkdf2WithCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { HashError } from '../errors.ts'
import type { HashContext, HashFamily } from './family.ts'
import { readBase64, readNumber, splitFields } from './phc.ts'

const DIGESTS: Readonly<Record<string, { name: string; bytes: number }>> = {
  pbkdf2: { name: 'sha1', bytes: 20 },
  'pbkdf2-sha1': { name: 'sha1', bytes: 20 },
  'pbkdf2-sha256': { name: 'sha256', bytes: 32 },
  'pbkdf2-sha512': { name: 'sha512', bytes: 64 },
}

/** The family of `$pbkdf2-sha1$`, `$pbkdf2-sha256$` and `$pbkdf2-sha512$` hashes. */
export const pbkdf2: HashFamily = {
  check: (hash) => void parse(hash),
  verify,
}

interface Parsed {
  readonly digest: string
  readonly iterations: number
  readonly salt: Buffer
  readonly key: Buffer
}

/**
 * Iterations times blocks of the digest: about two seconds of one core with SHA-512, and twice what Django asks
 * for. A login has five seconds, in which a password may be tried in two forms.
 */
const MOST_WORK = 2_000_000

const MOST_SALT_BYTES = 1024
const LEAST_KEY_BYTES = 16
const MOST_KEY_BYTES = 128

const pbkdf2Async = promisify(pbkdf2WithCallback)

async function verify(hash: string, password: string, { signal }: HashContext): Promise<boolean> {
  const { digest, iterations, salt, key } = parse(hash)
  signal?.throwIfAborted()
  return timingSafeEqual(await pbkdf2Async(password, salt, iterations, key.length, digest), key)
}

function parse(hash: string): Parsed {
  const fields = splitFields('pbkdf2', hash, ['digest', 'iterations', 'salt', 'hash'] as const)
  const digest = DIGESTS[fields[0]]
  if (!digest) throw new HashError('Expected the digest of a pbkdf2 hash to be sha1, sha256 or sha512')
  const phc = fields[1].startsWith('i=')
  const base64 = (text: string) => (phc ? text : text.replaceAll('.', '+'))
  const salt = readBase64('pbkdf2', 'salt', base64(fields[2]), 0, MOST_SALT_BYTES)
  const key = readBase64('pbkdf2', 'hash', base64(fields[3]), LEAST_KEY_BYTES, MOST_KEY_BYTES)
  const iterations = phc ? parsePhc(fields[1], key.length) : readIterations(fields[1])
  checkWork(iterations, Math.ceil(key.length / digest.bytes))
  return { digest: digest.name, iterations, salt, key }
}

function parsePhc(text: string, keyBytes: number): number {
  const match = /^i=([^,]*)(?:,l=([^,]*))?$/.exec(text)
  if (!match)
    throw new HashError('Expected the parameters of a pbkdf2 hash to be i= or i=,l=, got something else')
  const [, iterations = '', length] = match
  if (length !== undefined) readNumber('pbkdf2', 'l', length, keyBytes, keyBytes)
  return readIterations(iterations)
}

function readIterations(text: string): number {
  return readNumber('pbkdf2', 'iterations', text, 1, MOST_WORK)
}

function checkWork(iterations: number, blocks: number): void {
  if (iterations * blocks <= MOST_WORK) return
  throw new HashError(
    `Expected a pbkdf2 hash to ask for at most ${MOST_WORK} iterations times blocks, got ${iterations * blocks}`,
  )
}
