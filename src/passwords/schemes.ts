/**
 * Hashes with a scheme in braces before them, as LDAP servers (RFC 2307, OpenLDAP) and Dovecot keep them:
 *
 *     {SSHA512}base64                   digest of password and salt, then the salt; also SMD5, SSHA, SSHA256, SSHA384
 *     {SSHA512.HEX}digits               Dovecot: in hexadecimal; .B64 and .BASE64 are base64, of any scheme
 *     {CRYPT}$6$..., {BLF-CRYPT}$2y$... what crypt(3) makes; also ARGON2, ARGON2I, ARGON2ID
 *     {PBKDF2-SHA512}10000$salt$hash    OpenLDAP's pw-pbkdf2
 *     {PBKDF2}$1$salt$rounds$digits     Dovecot
 *     {SCRAM-SHA-256}4096,salt,stored,server
 *     {SHA}base64, {PLAIN}text          without salt, or as it is: weak formats
 *
 * The name of a scheme may be in lower case.
 *
 * @module
 */
import { HashError } from '../errors.ts'
import type { HashFamily, NewHashes } from './family.ts'
import type { Content, SchemeHash } from './scheme-content.ts'
import { DIGEST_SCHEMES, makeSaltedHash } from './scheme-digests.ts'
import { INNER_SCHEMES } from './scheme-inner.ts'

/** The family of hashes with a scheme in braces; new ones are `{SSHA512}`. */
export const schemes: HashFamily & NewHashes = {
  check: (hash, context) => read(hash).check(context),
  async verify(hash, password, context) {
    const found = read(hash)
    await found.check(context)
    return found.verify(password, context)
  },
  hash: makeSaltedHash,
}

const SCHEMES = new Map(Object.entries({ ...DIGEST_SCHEMES, ...INNER_SCHEMES }))

const ENCODINGS = new Map<string | undefined, Content['encoding']>([
  [undefined, undefined],
  ['HEX', 'hex'],
  ['B64', 'base64'],
  ['BASE64', 'base64'],
])

/** Known by their names, so that an error can say them: what else stands in braces may be a password. */
const UNSUPPORTED = (
  'DES-CRYPT CRAM-MD5 DIGEST-MD5 HMAC-MD5 PLAIN-MD4 PLAIN-TRUNC NTLM LANMAN OTP RPA ' +
  'SASL K5KEY KERBEROS UNIX APR1 BSDMD5 NS-MTA-MD5 PBKDF2_SHA256'
).split(' ')

function read(hash: string): SchemeHash {
  const [, name = '', suffix, text = ''] = /^\{([^.}]*)(?:\.([^}]*))?\}(.*)$/s.exec(hash) ?? []
  const spelt = name.toUpperCase()
  // Dovecot's MD5 is what {MD5-CRYPT} is, or a digest.
  const meant = spelt === 'MD5' && text.startsWith('$1$') ? 'MD5-CRYPT' : spelt
  const scheme = SCHEMES.get(meant)
  const known = suffix?.toUpperCase()
  if (scheme === undefined || !ENCODINGS.has(known)) throw unknown(spelt)
  return scheme({ scheme: meant, text, encoding: ENCODINGS.get(known) })
}

function unknown(name: string): HashError {
  const found = UNSUPPORTED.includes(name) ? `{${name}}` : 'another in braces'
  return new HashError(
    `Expected a scheme of LDAP or Dovecot that can be verified here, got ${found}: let the server that it comes from ` +
      'verify it (the backend ldap), or give its users new passwords',
  )
}
