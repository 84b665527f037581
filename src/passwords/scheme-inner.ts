/**
 * Schemes in braces that hold a hash of another family, as it is or in a spelling of their own.
 *
 * @module
 */
import { HashError } from '../errors.ts'
import { writeBase64 } from './phc.ts'
import { decodeText, type Scheme, type SchemeHash } from './scheme-content.ts'
import { formatScram } from './scram.ts'

/** By their names in upper case. */
export const INNER_SCHEMES: Readonly<Record<string, Scheme>> = {
  CRYPT: crypt('crypt(3)', /^/),
  'BLF-CRYPT': crypt('bcrypt', /^\$2[abxy]\$/),
  'SHA512-CRYPT': crypt('$6$', /^\$6\$/),
  'SHA256-CRYPT': crypt('$5$', /^\$5\$/),
  'MD5-CRYPT': crypt('$1$', /^\$1\$/),
  ARGON2: crypt('argon2', /^\$argon2/),
  ARGON2I: crypt('argon2i', /^\$argon2i\$/),
  ARGON2ID: crypt('argon2id', /^\$argon2id\$/),
  PBKDF2: (content) => inner(spellPbkdf2(decodeText(content))),
  'PBKDF2-SHA1': pbkdf2('sha1'),
  'PBKDF2-SHA256': pbkdf2('sha256'),
  'PBKDF2-SHA512': pbkdf2('sha512'),
  'SCRAM-SHA-1': (content) => inner(spellScram('SHA-1', decodeText(content))),
  'SCRAM-SHA-256': (content) => inner(spellScram('SHA-256', decodeText(content))),
}

function pbkdf2(digest: string): Scheme {
  return (content) => inner(`$pbkdf2-${digest}$${withoutPadding(decodeText(content))}`)
}

/** 389 Directory Server pads the base64 of salt and hash, OpenLDAP does not. */
function withoutPadding(fields: string): string {
  return fields.replace(/={1,2}(?=\$|$)/g, '')
}

function inner(hash: string): SchemeHash {
  return {
    check: ({ checkInner }) => checkInner(hash),
    verify: (password, { verifyInner }) => verifyInner(hash, password),
  }
}

const LOCKED: SchemeHash = { check: () => undefined, verify: () => Promise.resolve(false) }

function crypt(name: string, beginning: RegExp): Scheme {
  return (content) => {
    const hash = decodeText(content)
    // Taken over from a shadow file, where this locks an account.
    if (/^[!*]/.test(hash)) return LOCKED
    if (!beginning.test(hash))
      throw new HashError(`Expected a ${name} hash behind its scheme, got something else`)
    return inner(hash)
  }
}

/** Dovecot's has `$1$`, the salt as it is, rounds, and hexadecimal digits; OpenLDAP's is that of SHA-1. */
function spellPbkdf2(text: string): string {
  const [, salt, rounds = '', digits = ''] = /^\$1\$([^$]*)\$([^$]*)\$([0-9a-f]{40})$/.exec(text) ?? []
  if (salt === undefined) return `$pbkdf2-sha1$${withoutPadding(text)}`
  return `$pbkdf2-sha1$${rounds}$${writeBase64(Buffer.from(salt))}$${writeBase64(Buffer.from(digits, 'hex'))}`
}

function spellScram(digest: string, text: string): string {
  const [iterations = '', salt = '', storedKey = '', serverKey = '', ...rest] = text.split(',')
  if (rest.length > 0) throw new HashError('Expected SCRAM keys of Dovecot to have 4 parts, got more')
  return formatScram({ digest, iterations, salt, storedKey, serverKey })
}
