/**
 * phpass, the portable hashes of PHP before it had `password_hash`, and what Drupal 7 to 10.0 made of them:
 *
 *     $P$B.................................   MD5: `B` is the logarithm of the rounds, then 8 characters of salt, 22 of hash
 *     $H$9.................................   the same, as phpBB writes it
 *     $S$D...                                 SHA-512, cut to 55 characters in all
 *     U$S$..., U$P$...                        over the MD5 of the password, in hexadecimal
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { HashError } from '../errors.ts'
import { ALPHABET, encode } from './crypt-base64.ts'
import type { HashContext, HashFamily } from './family.ts'
import { offLoop } from './off-loop.ts'

/** The family of `$P$`, `$H$` and `$S$` hashes. */
export const phpass: HashFamily = { check: (hash) => void parse(hash), verify }

interface Parsed {
  readonly digest: 'md5' | 'sha512'
  readonly rounds: number
  readonly salt: string
  readonly key: string
  /** Made of the MD5 of the password: an even older hash was saved that way. */
  readonly ofMd5: boolean
}

const LEAST_LOG = 7
/**
 * Half a second of one core, or two with the longest password; WordPress made 2^13, Drupal 2^16. A login has five
 * seconds, in which a password may be tried in two forms.
 */
const MOST_LOG = 18

/** WordPress (phpass 0.5) and Drupal refuse what is longer, in bytes. */
const MOST_PASSWORD_BYTES = { md5: 4096, sha512: 512 }

async function verify(hash: string, password: string, { signal }: HashContext): Promise<boolean> {
  const { digest, rounds, salt, key, ofMd5 } = parse(hash)
  if (Buffer.byteLength(password) > MOST_PASSWORD_BYTES[digest]) return false
  const secret = Buffer.from(ofMd5 ? createHash('md5').update(password).digest('hex') : password)
  const bytes = await offLoop('stretchPhpass', [digest, rounds, Buffer.from(salt), secret], signal)
  return timingSafeEqual(Buffer.from(encode(bytes).slice(0, key.length)), Buffer.from(key))
}

function parse(hash: string): Parsed {
  const match =
    /^(U?)\$[PH]\$([./0-9A-Za-z])([\x21-\x7e]{8})([./0-9A-Za-z]{22})$/.exec(hash) ??
    /^(U?)\$S\$([./0-9A-Za-z])([\x21-\x7e]{8})([./0-9A-Za-z]{43})$/.exec(hash)
  if (!match) {
    throw new HashError(
      `Expected a phpass hash to have 34 characters ($P$, $H$) or 55 ($S$), got another form of ${hash.length}`,
    )
  }
  const [, mark, log = '', salt = '', key = ''] = match
  const rounds = 2 ** readLog(log)
  return { digest: key.length === 22 ? 'md5' : 'sha512', rounds, salt, key, ofMd5: mark === 'U' }
}

function readLog(character: string): number {
  const log = ALPHABET.indexOf(character)
  if (log >= LEAST_LOG && log <= MOST_LOG) return log
  throw new HashError(
    `Expected a phpass hash to ask for 2^${LEAST_LOG} to 2^${MOST_LOG} rounds, got 2^${log}`,
  )
}
