/**
 * The hashes of crypt(3), in shadow files, databases of mail servers and htpasswd files:
 *
 *     $6$rounds=100000$salt$hash     SHA-512; without rounds= there are 5000
 *     $5$salt$hash                   SHA-256
 *     $1$salt$hash, $apr1$salt$hash  MD5, 1000 rounds
 *     $sha1$40000$salt$hash          SHA-1, of NetBSD
 *
 * @module
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { HashError } from '../errors.ts'
import { encode } from './crypt-base64.ts'
import type { HashContext, HashFamily, NewHashes } from './family.ts'
import { offLoop } from './off-loop.ts'
import { readNumber } from './phc.ts'

/** The family of `$1$`, `$apr1$`, `$sha1$`, `$5$` and `$6$` hashes. */
export const crypt: HashFamily & NewHashes = { check: (hash) => void parse(hash), verify, hash: makeHash }

interface Parsed {
  readonly name: '1' | 'apr1' | 'sha1' | '5' | '6'
  readonly rounds: number
  readonly salt: string
  readonly key: string
}

const DEFAULT_ROUNDS = 5000
const LEAST_ROUNDS = 1000
/**
 * A second and a half of one core, twice that with the longest password, and half as much again as passlib asks for. A
 * login has five seconds, in which a password may be tried in two forms.
 */
const MOST_ROUNDS = 1_000_000
/** As long. libxcrypt makes 262 144. */
const MOST_SHA1_ROUNDS = 500_000
/** A fifth of a second of one core. */
const NEW_ROUNDS = 100_000
const NEW_SALT_BYTES = 12

/** libxcrypt takes no more; the work grows with the square of the length. */
const MOST_PASSWORD_BYTES = 511

const KEY_CHARACTERS = { '1': 22, apr1: 22, sha1: 28, '5': 43, '6': 86 }
const MOST_SALT_CHARACTERS = { '1': 8, apr1: 8, sha1: 64, '5': 16, '6': 16 }

async function verify(hash: string, password: string, { signal }: HashContext): Promise<boolean> {
  const parsed = parse(hash)
  if (Buffer.byteLength(password) > MOST_PASSWORD_BYTES) return false
  const key = await stretch(parsed, password, signal)
  return timingSafeEqual(Buffer.from(key), Buffer.from(parsed.key))
}

async function makeHash(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password)
  if (bytes > MOST_PASSWORD_BYTES || password.includes('\0')) {
    throw new HashError(
      `Expected a password for crypt to have at most ${MOST_PASSWORD_BYTES} bytes and no NUL, got ${bytes} bytes`,
    )
  }
  const parsed = { name: '6', rounds: NEW_ROUNDS, salt: encode(randomBytes(NEW_SALT_BYTES)) } as const
  return `$6$rounds=${NEW_ROUNDS}$${parsed.salt}$${await stretch(parsed, password)}`
}

function stretch(
  { name, rounds, salt }: Omit<Parsed, 'key'>,
  password: string,
  signal?: AbortSignal,
): Promise<string> {
  const inputs = [Buffer.from(salt), Buffer.from(password)] as const
  if (name === '1' || name === 'apr1') return offLoop('md5Crypt', [`$${name}$`, ...inputs], signal)
  if (name === 'sha1') return offLoop('sha1Crypt', [rounds, ...inputs], signal)
  return offLoop('shaCrypt', [name === '5' ? 'sha256' : 'sha512', rounds, ...inputs], signal)
}

function parse(hash: string): Parsed {
  const match =
    /^\$(1|apr1|5|6)\$(?:(?<=[56]\$)rounds=([^$]*)\$)?([^$]*)\$([^$]*)$/.exec(hash) ??
    /^\$(sha1)\$([^$]*)\$([^$]*)\$([^$]*)$/.exec(hash)
  const [, name = '', rounds, salt = '', key = ''] = match ?? []
  if (!isName(name)) {
    throw new HashError(
      'Expected a crypt hash to have salt and hash, and before them rounds ($sha1$), rounds= or nothing ($5$, $6$)',
    )
  }
  checkText('salt', salt, /^[!-~]*$/, 0, MOST_SALT_CHARACTERS[name])
  checkText('hash', key, /^[./0-9A-Za-z]*$/, KEY_CHARACTERS[name], KEY_CHARACTERS[name])
  return { name, rounds: readRounds(name, rounds), salt, key }
}

function isName(name: string): name is Parsed['name'] {
  return Object.hasOwn(KEY_CHARACTERS, name)
}

function readRounds(name: Parsed['name'], text: string | undefined): number {
  if (name === 'sha1') return readNumber('crypt', 'rounds', text ?? '', 1, MOST_SHA1_ROUNDS)
  if (text === undefined) return DEFAULT_ROUNDS
  return readNumber('crypt', 'rounds', text, LEAST_ROUNDS, MOST_ROUNDS)
}

function checkText(name: string, text: string, allowed: RegExp, least: number, most: number): void {
  if (allowed.test(text) && text.length >= least && text.length <= most) return
  const range = least === most ? `${most}` : `${least} to ${most}`
  const found = allowed.test(text) ? `${text.length}` : 'others'
  throw new HashError(
    `Expected the ${name} of a crypt hash to have ${range} characters of its alphabet, got ${found}`,
  )
}
