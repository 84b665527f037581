/**
 * What a server stores for SCRAM (RFC 5802, RFC 7677): not the password, but keys made of it with PBKDF2.
 *
 *     SCRAM-SHA-1$4096:salt$stored:server               RFC 5803, PostgreSQL
 *     ==SCRAM==,stored,server,salt,4096                 ejabberd's modules, MongooseIM to 3.6; SHA-1
 *     ==MULTI_SCRAM==,4096,===SHA1===salt|stored|server,==SHA256==...      MongooseIM
 *
 * Salt and keys are base64. The name says SHA-1, SHA-256 or SHA-512.
 *
 * @module
 */
import { createHash, createHmac, pbkdf2 as pbkdf2WithCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { HashError } from '../errors.ts'
import type { HashContext, HashFamily } from './family.ts'
import { readNumber, readPaddedBase64 } from './phc.ts'
import { prepareSasl } from './sasl-prep.ts'

/** The family of the keys that are stored for SCRAM. */
export const scram: HashFamily = { check: (hash) => void parse(hash), verify }

/** What is stored for one user, as text: salt and keys are base64. */
export interface ScramKeys {
  readonly digest: string
  readonly iterations: string
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

/** Writes the keys as RFC 5803 does. */
export function formatScram({ digest, iterations, salt, storedKey, serverKey }: ScramKeys): string {
  return `SCRAM-${digest}$${iterations}:${salt}$${storedKey}:${serverKey}`
}

interface Parsed {
  readonly digest: 'sha1' | 'sha256' | 'sha512'
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
}

const DIGESTS: Readonly<Record<string, { readonly name: Parsed['digest']; readonly bytes: number }>> = {
  'SHA-1': { name: 'sha1', bytes: 20 },
  'SHA-256': { name: 'sha256', bytes: 32 },
  'SHA-512': { name: 'sha512', bytes: 64 },
}

/** Half a second of one core with SHA-512; ejabberd makes 4096, Prosody 10 000. A password is tried in up to four forms. */
const MOST_ITERATIONS = 500_000
const MOST_SALT_BYTES = 1024

const pbkdf2 = promisify(pbkdf2WithCallback)

async function verify(hash: string, password: string, { signal }: HashContext): Promise<boolean> {
  const parsed = parse(hash)
  // Some programs that make such keys have not prepared the password.
  for (const form of new Set([prepareSasl(password), password])) {
    signal?.throwIfAborted()
    if (timingSafeEqual(await deriveStoredKey(parsed, form), parsed.storedKey)) return true
  }
  return false
}

/** RFC 5802, section 3. */
async function deriveStoredKey(
  { digest, iterations, salt, storedKey }: Parsed,
  password: string,
): Promise<Buffer> {
  const salted = await pbkdf2(password, salt, iterations, storedKey.length, digest)
  const clientKey = createHmac(digest, salted).update('Client Key').digest()
  return createHash(digest).update(clientKey).digest()
}

function parse(hash: string): Parsed {
  const { digest, iterations, salt, storedKey, serverKey } = split(hash)
  const { name, bytes } = DIGESTS[digest] ?? unknownDigest()
  readPaddedBase64('SCRAM', 'server key', serverKey, bytes, bytes)
  return {
    digest: name,
    iterations: readNumber('SCRAM', 'iterations', iterations, 1, MOST_ITERATIONS),
    salt: readPaddedBase64('SCRAM', 'salt', salt, 1, MOST_SALT_BYTES),
    storedKey: readPaddedBase64('SCRAM', 'stored key', storedKey, bytes, bytes),
  }
}

function split(hash: string): ScramKeys {
  const keys = splitRfc5803(hash) ?? splitSingle(hash) ?? splitMultiple(hash)
  if (keys !== undefined) return keys
  throw new HashError(
    'Expected SCRAM keys to be SCRAM-DIGEST$iterations:salt$stored:server, ==SCRAM==,stored,server,salt,iterations ' +
      'or ==MULTI_SCRAM==,iterations,===SHA1===salt|stored|server,..., got another form',
  )
}

function splitRfc5803(hash: string): ScramKeys | undefined {
  const match = /^SCRAM-([^$]*)\$([^:$]*):([^$]*)\$([^:$]*):([^:$]*)$/.exec(hash)
  if (!match) return undefined
  const [, digest = '', iterations = '', salt = '', storedKey = '', serverKey = ''] = match
  return { digest, iterations, salt, storedKey, serverKey }
}

function splitSingle(hash: string): ScramKeys | undefined {
  const match = /^==SCRAM==,([^,]*),([^,]*),([^,]*),([^,]*)$/.exec(hash)
  if (!match) return undefined
  const [, storedKey = '', serverKey = '', salt = '', iterations = ''] = match
  return { digest: 'SHA-1', iterations, salt, storedKey, serverKey }
}

/** Those of SHA-1 come first: MongooseIM 4.1 to 6.3.1 stored wrong ones for the others where OpenSSL was new. */
function splitMultiple(hash: string): ScramKeys | undefined {
  const [name, iterations = '', ...entries] = hash.split(',')
  if (name !== '==MULTI_SCRAM==') return undefined
  for (const bits of ['1', '256', '512']) {
    const mark = new RegExp(`^=+SHA${bits}=+(.*)$`)
    const [keys] = entries.flatMap((entry) => mark.exec(entry)?.[1] ?? [])
    if (keys === undefined) continue
    const [salt = '', storedKey = '', serverKey = ''] = keys.split('|')
    return { digest: `SHA-${bits}`, iterations, salt, storedKey, serverKey }
  }
  return undefined
}

function unknownDigest(): never {
  throw new HashError('Expected the digest of SCRAM keys to be SHA-1, SHA-256 or SHA-512, got another')
}
