import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PasswordFormats, WeakFormat } from '../../src/passwords/formats.ts'
import { checkHash, hashPassword, looksLikeHash, verifyPassword } from '../../src/passwords/registry.ts'
import { ALL_WEAK } from './support.ts'
import { DOVECOT, LDAP, WEAK_SCHEMES } from './vectors-schemes.ts'

const nameOf = (hash: string) => /^\{.*?\}/.exec(hash)?.[0] ?? ''

for (const { source, password, hash, formats = {} } of [...LDAP, ...DOVECOT, ...WEAK_SCHEMES]) {
  test(`${nameOf(hash)} of ${source}, ${password}`, async () => {
    await checkHash(hash, formats)
    assert.equal(looksLikeHash(hash), true)
    assert.equal(await verifyPassword(hash, password, undefined, formats), true)
    assert.equal(await verifyPassword(hash, `${password}x`, undefined, formats), false)
    const inLowerCase = hash.replace(nameOf(hash), nameOf(hash).toLowerCase())
    assert.equal(await verifyPassword(inLowerCase, password, undefined, formats), true)
  })
}

const WEAK: Readonly<Record<string, WeakFormat>> = {
  '{SHA}': 'sha1',
  '{SHA1}': 'sha1',
  '{MD5}': 'md5',
  '{PLAIN-MD5}': 'md5',
  '{LDAP-MD5}': 'md5',
  '{SHA256}': 'sha256',
  '{SHA256.HEX}': 'sha256',
  '{SHA224}': 'sha224',
  '{SHA384}': 'sha384',
  '{SHA512}': 'sha512',
  '{PLAIN}': 'plain',
  '{CLEAR}': 'plain',
  '{CLEARTEXT}': 'plain',
  '{PLAIN.B64}': 'plain',
}

for (const { hash, password } of WEAK_SCHEMES) {
  const name = nameOf(hash)
  const format = WEAK[name] ?? 'plain'
  test(`${name} of ${password} is understood with weak: ['${format}'], and with nothing else`, async () => {
    assert.equal(await verifyPassword(hash, password, undefined, { weak: [format] }), true)
    const others = { weak: ALL_WEAK.filter((each) => each !== format) }
    const message = new RegExp(`only with the option weak: \\['${format}'\\]`)
    await assert.rejects(checkHash(hash, others), { code: 'ERR_HASH', message })
    await assert.rejects(verifyPassword(hash, password, undefined, others), { code: 'ERR_HASH', message })
  })
}

const malformed = (
  what: string,
  hash: string,
  message: RegExp,
  formats: PasswordFormats = { weak: ALL_WEAK },
) =>
  test(`${what} is a HashError that prints nothing of the hash`, async () => {
    const isTold = (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_HASH')
      assert.match(error.message, message)
      const content = hash.slice(hash.indexOf('}') + 1)
      assert.ok(content.length < 8 || !error.message.includes(content.slice(0, 8)))
      return !error.message.includes('hunter2')
    }
    await assert.rejects(checkHash(hash, formats), isTold)
    await assert.rejects(verifyPassword(hash, 'hunter2', undefined, formats), isTold)
  })

const bytes = (length: number) => Buffer.alloc(length).toString('base64')

malformed('a scheme that nobody knows', '{hunter2}secret', /got another in braces: .*the backend ldap/)
for (const name of ['DES-CRYPT', 'CRAM-MD5', 'DIGEST-MD5', 'NTLM', 'SASL', 'PBKDF2_SHA256']) {
  malformed(
    `{${name}}, which cannot be verified here,`,
    `{${name}}abcdefghijklm`,
    new RegExp(`got \\{${name}\\}`),
  )
}
malformed('an encoding that nobody knows', `{SSHA.HUNTER2}${bytes(24)}`, /got another in braces/)
malformed(
  '{SSHA} without salt',
  `{SSHA}${bytes(20)}`,
  /content of a \{SSHA\} hash .*21 to 1044 bytes, got 20/,
)
malformed('{SSHA} with a salt of 1025 bytes', `{SSHA}${bytes(1045)}`, /got 1045/)
malformed('{SSHA} of another alphabet', `{SSHA}*${bytes(24).slice(1)}`, /to be base64/)
malformed('{SSHA} with bytes behind its end', `{SSHA}${bytes(23)}\n`, /to be base64/)
malformed(
  '{SSHA.HEX} that is base64',
  `{ssha.hex}${bytes(24).replace(/A/g, 'Z')}`,
  /\{SSHA\} hash to be hexadecimal/,
)
malformed('{CRYPT.B64} that is none', '{CRYPT.B64}*', /content of a \{CRYPT\} hash to be base64/)
malformed('{SHA} with a byte too many', `{SHA}${bytes(21)}`, /20 bytes, got 21/)
malformed('nothing behind {SHA512}', '{SHA512}', /64 bytes, got 0/)
malformed('{MD5} with 15 bytes', `{MD5}${bytes(15)}`, /16 bytes, got 15/)
malformed('{CRYPT} with DES', '{CRYPT}yhaaIVJF07zd6', /DES crypt/)
malformed('{CRYPT} with yescrypt', '{CRYPT}$y$j9T$abcdefgh$ijklmnop', /yescrypt/)
malformed('{CRYPT} with a digest', '{CRYPT}5f4dcc3b5aa765d61d8327deb882cf99', /format that is understood/)
malformed('{CRYPT} with a scheme', '{CRYPT}{PLAIN}hunter2', /format that is understood/)
malformed(
  '{SHA512-CRYPT} with bcrypt',
  `{SHA512-CRYPT}$2y$05$${'a'.repeat(53)}`,
  /\$6\$ hash behind its scheme/,
)
malformed('{BLF-CRYPT} with $6$', `{BLF-CRYPT}$6$salt$${'a'.repeat(86)}`, /bcrypt hash behind its scheme/)
malformed('{ARGON2} with scrypt', '{ARGON2}$scrypt$ln=15,r=8,p=3$AAAA$AAAA', /argon2 hash behind its scheme/)
malformed(
  '{PBKDF2-SHA256} with too much work',
  `{PBKDF2-SHA256}2000001$c2FsdA$${'A'.repeat(43)}`,
  /got 2000001/,
)
malformed(
  '{PBKDF2} of Dovecot with too much work',
  `{PBKDF2}$1$salt$2000001$${'a'.repeat(40)}`,
  /got 2000001/,
)
malformed('{PBKDF2-SHA1} with padding inside', `{PBKDF2-SHA1}1$c2F=sdA$${'A'.repeat(27)}=`, /to be base64/)
malformed(
  '{PBKDF2-SHA1} with too much padding',
  `{PBKDF2-SHA1}1$c2FsdA===$${'A'.repeat(27)}=`,
  /to be base64/,
)
malformed('{PBKDF2} with a field missing', '{PBKDF2}10000$abcdefgh', /4 fields .*got 3/)
malformed(
  '{SCRAM-SHA-1} with a part too many',
  `{SCRAM-SHA-1}4096,c2FsdA==,${bytes(20)},${bytes(20)},x`,
  /4 parts/,
)
malformed(
  '{SCRAM-SHA-1} with a part missing',
  `{SCRAM-SHA-1}4096,c2FsdA==,${bytes(20)}`,
  /server key .*20 bytes/,
)

for (const [what, hash] of [
  ['a salt of 1 byte', `{SSHA}${bytes(21)}`],
  ['a salt of 1024 bytes', `{SSHA}${bytes(1044)}`],
  ['base64 without padding', `{SSHA}${bytes(22).replace(/=/g, '')}`],
] as const) {
  test(`${what} is within the limits`, () => checkHash(hash))
}

for (const hash of ['{CRYPT}!', '{CRYPT}*', '{crypt}!!', `{CRYPT}!$6$salt$${'a'.repeat(86)}`]) {
  test(`${hash.slice(0, 12)}, of an account that is locked, is no password's`, async () => {
    await checkHash(hash)
    assert.equal(await verifyPassword(hash, hash.slice('{CRYPT}'.length)), false)
  })
}

test('what is a hash with a scheme is no password, even where passwords are stored as they are', async () => {
  const stored = LDAP[0]?.hash ?? ''
  assert.equal(await verifyPassword(stored, stored, undefined, { weak: ['plain'] }), false)
})
test('a password that is stored as it is may begin with a scheme', async () => {
  const formats: PasswordFormats = { weak: ['plain'] }
  assert.equal(await verifyPassword('{PLAIN}{SHA}x', '{SHA}x', undefined, formats), true)
})

test('a new {SSHA512} hash has 16 bytes of salt, and verifies', async () => {
  const formats: PasswordFormats = { newHashes: 'ssha512' }
  const hash = await hashPassword('correct horse', formats)
  assert.match(hash, /^\{SSHA512\}[A-Za-z0-9+/]{107}=$/)
  assert.equal(await verifyPassword(hash, 'correct horse', undefined, formats), true)
  assert.equal(await verifyPassword(hash, 'correct horsf', undefined, formats), false)
  assert.notEqual(await hashPassword('correct horse', formats), hash)
})
