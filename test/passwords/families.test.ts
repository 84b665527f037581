import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { PasswordFormats } from '../../src/passwords/formats.ts'
import { checkHash, looksLikeHash, verifyPassword } from '../../src/passwords/registry.ts'
import { BCRYPT, DJANGO, FORMULAS, PHPASS, WORDPRESS } from './application-vectors.ts'
import { ALL_WEAK } from './support.ts'
import { FAMILIES } from './vectors-families.ts'

for (const [family, vectors] of Object.entries(FAMILIES)) {
  for (const { source, password, hash, formats = {} } of vectors) {
    test(`${family} agrees with: ${source}, ${password.slice(0, 20) || 'no password'}`, async () => {
      await checkHash(hash, formats)
      assert.equal(await verifyPassword(hash, password, undefined, formats), true)
      assert.equal(await verifyPassword(hash, `x${password}`, undefined, formats), false)
    })
  }
}

const SALT = 'c2FsdHNhbHRzYWx0'
const KEY = 'A'.repeat(43)
const bytes = (length: number) => Buffer.alloc(length).toString('base64').replaceAll('=', '')

const malformed = (
  family: string,
  what: string,
  hash: string,
  message: RegExp,
  formats: PasswordFormats = {},
) =>
  test(`${family}: ${what} is a HashError that names it and prints nothing of the hash`, async () => {
    const isTold = (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_HASH')
      assert.match(error.message, message)
      const saltAndHash = hash.split(/[$:|]/).slice(-2)
      for (const part of saltAndHash) assert.ok(part.length < 9 || !error.message.includes(part))
      return !error.message.includes('secret')
    }
    await assert.rejects(checkHash(hash, formats), isTold)
    await assert.rejects(verifyPassword(hash, 'secret', undefined, formats), isTold)
  })

malformed('scrypt', 'a missing field', `$scrypt$ln=15,r=8,p=3$${SALT}`, /4 fields .*got 3/)
malformed('scrypt', 'a field too many', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}$`, /4 fields .*got 5/)
malformed('scrypt', 'another order of parameters', `$scrypt$r=8,ln=15,p=3$${SALT}$${KEY}`, /ln=,r=,p=/)
malformed('scrypt', 'a leading zero', `$scrypt$ln=015,r=8,p=3$${SALT}$${KEY}`, /`ln`/)
malformed('scrypt', 'a negative number', `$scrypt$ln=15,r=-8,p=3$${SALT}$${KEY}`, /`r`/)
malformed('scrypt', 'ln=0', `$scrypt$ln=0,r=8,p=3$${SALT}$${KEY}`, /`ln`.*got 0/)
malformed('scrypt', 'p=0', `$scrypt$ln=15,r=8,p=0$${SALT}$${KEY}`, /`p`.*got 0/)
malformed('scrypt', 'padding', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}=`, /hash .* base64/)
malformed(
  'scrypt',
  'base64 with bits left over',
  `$scrypt$ln=15,r=8,p=3$${SALT}$${'A'.repeat(42)}B`,
  /base64/,
)
malformed('scrypt', 'adapted base64', `$scrypt$ln=15,r=8,p=3$${SALT}$.${KEY.slice(1)}`, /base64/)
malformed('scrypt', 'a newline at the end', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}\n`, /base64/)
malformed('scrypt', 'no hash', `$scrypt$ln=15,r=8,p=3$${SALT}$`, /16 to 128 bytes, got 0/)
malformed('scrypt', 'a hash of 15 bytes', `$scrypt$ln=15,r=8,p=3$${SALT}$${bytes(15)}`, /got 15/)
malformed('scrypt', 'a hash of 129 bytes', `$scrypt$ln=15,r=8,p=3$${SALT}$${bytes(129)}`, /got 129/)
malformed('scrypt', 'a salt of 1025 bytes', `$scrypt$ln=15,r=8,p=3$${bytes(1025)}$${KEY}`, /got 1025/)
malformed('scrypt', 'a gigabyte', `$scrypt$ln=20,r=8,p=1$${SALT}$${KEY}`, /256 MiB of memory/)
malformed('scrypt', 'more than 256 MiB', `$scrypt$ln=18,r=8,p=1$${SALT}$${KEY}`, /256 MiB of memory/)
malformed('scrypt', 'r=0', `$scrypt$ln=15,r=0,p=3$${SALT}$${KEY}`, /`r`.*got 0/)
malformed('scrypt', 'too much work', `$scrypt$ln=15,r=8,p=17$${SALT}$${KEY}`, /N\*r\*p = 4194304/)
malformed(
  'scrypt',
  'the least too much work',
  `$scrypt$ln=2,r=1,p=1048577$${SALT}$${KEY}`,
  /N\*r\*p = 4194304/,
)

const crypt7 = (parameters: string, salt = 'salt', key = 'A'.repeat(43)) => `$7$${parameters}${salt}$${key}`
malformed('scrypt of crypt(3)', 'no salt and hash', '$7$C6..../....', /N, r and p, a salt and 43/)
malformed('scrypt of crypt(3)', 'a missing character', crypt7('C6..../...', ''), /N, r and p/)
malformed('scrypt of crypt(3)', 'a hash that is too short', crypt7('C6..../....', 's', 'A'.repeat(42)), /43/)
malformed('scrypt of crypt(3)', 'a hash that is too long', crypt7('C6..../....', 's', 'A'.repeat(44)), /43/)
malformed('scrypt of crypt(3)', 'bits left over', crypt7('C6..../....', 's', `${'A'.repeat(42)}E`), /43/)
malformed('scrypt of crypt(3)', 'a field too many', `${crypt7('C6..../....')}$`, /43/)
malformed('scrypt of crypt(3)', 'ln=0', crypt7('.6..../....'), /`ln`.*got 0/)
malformed('scrypt of crypt(3)', 'r=0', crypt7('C...../....'), /`r`.*got 0/)
malformed('scrypt of crypt(3)', 'p=0', crypt7('C6.........'), /`p`.*got 0/)
malformed('scrypt of crypt(3)', 'the largest parameters', crypt7('zzzzzzzzzzz'), /`ln`.*got 63/)
malformed('scrypt of crypt(3)', 'a large r', crypt7('Czzzzz/....'), /`r`.*got 1073741823/)
malformed('scrypt of crypt(3)', 'a gigabyte, sensitive for libsodium', crypt7('I6..../....'), /256 MiB/)

malformed('pbkdf2', 'a missing field', `$pbkdf2-sha256$1000$${SALT}`, /4 fields .*got 3/)
malformed('pbkdf2', 'no iteration', `$pbkdf2-sha256$0$${SALT}$${KEY}`, /`iterations`.*got 0/)
malformed('pbkdf2', 'an iteration too many', `$pbkdf2-sha256$2000001$${SALT}$${KEY}`, /got 2000001/)
malformed(
  'pbkdf2',
  'too many blocks',
  `$pbkdf2-sha1$1000001$${SALT}$${KEY}`,
  /iterations times blocks, got 2000002/,
)
malformed(
  'pbkdf2',
  'another length than told',
  `$pbkdf2-sha256$i=1,l=33$${SALT}$${KEY}`,
  /`l`.*from 32 to 32/,
)
malformed('pbkdf2', 'an unknown parameter', `$pbkdf2-sha256$i=1,x=2$${SALT}$${KEY}`, /i=,l=/)
malformed('pbkdf2', 'adapted base64 in a PHC string', `$pbkdf2-sha256$i=1$${SALT}$.${KEY.slice(1)}`, /base64/)
malformed('pbkdf2', 'a hash of 15 bytes', `$pbkdf2-sha256$1$${SALT}$${bytes(15)}`, /got 15/)

const BCRYPT_REST = 'A'.repeat(53)
malformed('bcrypt', 'a hash that is too short', `$2y$10$${BCRYPT_REST.slice(1)}`, /53 characters/)
malformed('bcrypt', 'a hash that is too long', `$2y$10$${BCRYPT_REST}A`, /53 characters/)
malformed('bcrypt', 'a newline at the end', `$2y$10$${BCRYPT_REST}\n`, /53 characters/)
malformed('bcrypt', 'a letter of another alphabet', `$2y$10$${BCRYPT_REST.slice(1)}+`, /53 characters/)
malformed('bcrypt', 'a cost of one digit', `$2y$9$${BCRYPT_REST}`, /cost of 2 digits/)
malformed('bcrypt', 'a cost that is too low', `$2y$03$${BCRYPT_REST}`, /`cost`.*4 to 14, got 3/)
malformed('bcrypt', 'a cost that is too high', `$2y$15$${BCRYPT_REST}`, /`cost`.*4 to 14, got 15/)
malformed('bcrypt', 'a day of work', `$2y$31$${BCRYPT_REST}`, /got 31/)

const argon2 = (parameters: string, salt = SALT, key = KEY) => `$argon2id$${parameters}$${salt}$${key}`
malformed('argon2', 'another order of parameters', argon2('v=19$t=1,m=8,p=1'), /m=,t=,p=/)
malformed('argon2', 'an unknown version', argon2('v=18$m=8,t=1,p=1'), /v=19 \(or 16\)/)
malformed('argon2', 'another parameter', argon2('v=19$m=8,t=1,p=1,keyid=AA'), /got something else/)
malformed('argon2', 'a missing field', '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ', /salt and hash/)
malformed('argon2', 'a leading zero', argon2('v=19$m=08,t=1,p=1'), /`m`/)
malformed('argon2', 'no lane', argon2('v=19$m=8,t=1,p=0'), /`p`.*got 0/)
malformed('argon2', 'a lane too many', argon2('v=19$m=1024,t=1,p=65'), /`p`.*1 to 64, got 65/)
malformed('argon2', 'no pass', argon2('v=19$m=8,t=0,p=1'), /`t`.*got 0/)
malformed('argon2', 'too little memory for its lanes', argon2('v=19$m=31,t=1,p=4'), /`m`.*from 32/)
malformed('argon2', 'more than 256 MiB', argon2('v=19$m=262145,t=1,p=1'), /`m`.*to 262144/)
malformed('argon2', 'a pass too many', argon2('v=19$m=262144,t=5,p=1'), /m\*t = 1048576/)
malformed('argon2', 'the least too much work', argon2('v=19$m=1024,t=1025,p=1'), /m\*t = 1048576/)
malformed('argon2', 'a salt of 7 bytes', argon2('v=19$m=8,t=1,p=1', bytes(7)), /8 to 64 bytes, got 7/)
malformed('argon2', 'a salt of 65 bytes', argon2('v=19$m=8,t=1,p=1', bytes(65)), /got 65/)
malformed('argon2', 'a hash of 15 bytes', argon2('v=19$m=8,t=1,p=1', SALT, bytes(15)), /got 15/)
malformed('argon2', 'a hash of 129 bytes', argon2('v=19$m=8,t=1,p=1', SALT, bytes(129)), /got 129/)

malformed('WordPress', 'another hash behind $wp', `$wp${argon2('v=19$m=8,t=1,p=1')}`, /bcrypt hash behind/)
malformed('WordPress', 'a malformed bcrypt hash', `$wp$2y$10$${BCRYPT_REST}A`, /53 characters/)
malformed('WordPress', 'a bcrypt hash that asks for too much', `$wp$2y$15$${BCRYPT_REST}`, /got 15/)

const phpass = (log: string) => `$P$${log}12345678${'A'.repeat(22)}`
malformed('phpass', 'a letter too few', phpass('B').slice(0, -1), /34 characters/)
malformed('phpass', 'a letter too many', `${phpass('B')}A`, /34 characters/)
malformed('phpass', 'a letter of another alphabet', `${phpass('B').slice(0, -1)}!`, /34 characters/)
malformed('phpass', 'fewer rounds than 2^7', phpass('4'), /2\^7 to 2\^18 rounds, got 2\^6/)
malformed('phpass', 'more rounds than 2^18', phpass('H'), /2\^7 to 2\^18 rounds, got 2\^19/)
malformed('phpass', 'the rounds of a year', phpass('z'), /got 2\^63/)
malformed('Drupal', 'a hash of 34 characters', phpass('B').replace('P', 'S'), /55 \(\$S\$\)/)
malformed('Drupal', 'more rounds than 2^18', `$S$H12345678${'A'.repeat(43)}`, /got 2\^19/)

malformed('Django', 'a missing field', `pbkdf2_sha256$1000$${SALT}`, /iterations, salt and hash/)
malformed('Django', 'an iteration too many', `pbkdf2_sha256$2000001$salt$${KEY}=`, /got 2000001/)
malformed('Django', 'no iteration', `pbkdf2_sha256$0$salt$${KEY}=`, /`iterations`.*got 0/)
malformed('Django', 'a hash that is no base64', `pbkdf2_sha256$1$salt$!${KEY}`, /base64/)
malformed('Django', 'an N that is no power of two', `scrypt$3$salt$8$1$${KEY}=`, /power of two/)
malformed('Django', 'a gigabyte', `scrypt$1048576$salt$8$1$${KEY}=`, /256 MiB/)
malformed('Django', 'another hash behind argon2', `argon2$2b$10$${BCRYPT_REST}`, /\$argon2 inside/)
malformed('Django', 'another hash behind bcrypt', `bcrypt$$argon2id$v=19$m=8,t=1,p=1$a$b`, /\$2 inside/)
malformed('Django', 'a salt before bcrypt', `bcrypt_sha256$xyz$2b$10$${BCRYPT_REST}`, /\$2 inside/)
malformed('Django', 'itself behind bcrypt', `bcrypt$bcrypt$$2b$10$${BCRYPT_REST}`, /\$2 inside/)
malformed('Django', 'a digest that is too short', 'md5$salt$0123', /32 digits/, { weak: ALL_WEAK })
malformed('Django', 'an MD5 digest', `md5$salt$${'0'.repeat(32)}`, /weak: \['md5-salted'\]/)
malformed('Django', 'a SHA-1 digest', `sha1$salt$${'0'.repeat(40)}`, /weak: \['sha1-salted'\]/)
malformed('Django', 'an unsalted SHA-1 digest', `sha1$$${'0'.repeat(40)}`, /weak: \['sha1'\]/)

malformed('Nextcloud', 'nothing behind the bar', '3|$', /behind its bar/)
malformed('Nextcloud', 'a hash of crypt(3) behind the bar', '1|$6$salt$hash', /behind its bar/)
malformed('Nextcloud', 'a wrapper behind the bar', `1|$wp$2y$10$${BCRYPT_REST}`, /behind its bar/)
malformed('Nextcloud', 'a malformed hash behind the bar', `1|$2y$10$${BCRYPT_REST}A`, /53 characters/)

for (const [digits, name] of [
  [32, 'md5'],
  [40, 'sha1'],
  [56, 'sha224'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
] as const) {
  malformed(
    'a digest',
    `${digits} digits that nobody asked for`,
    'a'.repeat(digits),
    new RegExp(`weak: \\['${name}`),
  )
  malformed(
    'a digest',
    `${digits} digits where others were asked for`,
    'a'.repeat(digits),
    /understood only/,
    {
      weak: ALL_WEAK.filter((format) => format !== name),
    },
  )
}
malformed('a digest', 'one with a salt', `${'a'.repeat(32)}:pepper`, /weak: \['md5-salted'\]/, {
  weak: ['md5'],
})

for (const formula of [
  'md5(password)',
  'md5(salt)',
  'md5()',
  'md5(salt+salt)',
  'md5(constructor)',
  'sha1(md5(md5(salt)+md5(password)))',
  'sha512(salt+password+salt)',
]) {
  malformed(
    'a formula',
    `${formula}, which is unknown,`,
    `${formula}$salt$${'0'.repeat(128)}`,
    /in brackets/,
    {
      weak: ALL_WEAK,
    },
  )
}
malformed('a formula', 'no salt', `md5(salt+password)$${'0'.repeat(32)}`, /then \$salt\$/, {
  weak: ALL_WEAK,
})
malformed(
  'a formula',
  'a digit too few',
  `md5(salt+password)$salt$${'0'.repeat(31)}`,
  /as many hexadecimal/,
  {
    weak: ALL_WEAK,
  },
)
malformed('a formula', 'another letter', `md5(salt+password)$salt$${'0'.repeat(31)}g`, /then \$salt\$/, {
  weak: ALL_WEAK,
})
for (const { hash } of FORMULAS) {
  const [name = ''] = hash.split('(')
  const others = ALL_WEAK.filter((format) => format !== `${name}-salted`)
  const message = new RegExp(`weak: \\['${name}-salted'\\]`)
  malformed('a formula', `${hash.slice(0, 40)} with other weak formats`, hash, message, { weak: others })
}
test('a formula: a salt may be empty, or hold what is between salt and digits', async () => {
  const formats = { weak: ['sha1-salted'] } as const
  for (const salt of ['', '$', 'a$b', '\u00e9\n']) {
    const digits = createHash('sha1').update(`${salt}secret`).digest('hex')
    const hash = `sha1(salt+password)$${salt}$${digits}`
    assert.equal(await verifyPassword(hash, 'secret', undefined, formats), true)
    assert.equal(await verifyPassword(hash, 'Secret', undefined, formats), false)
  }
})
test('a formula: whoever has stolen the digest cannot log in with it, and it is not imported', async () => {
  for (const { hash } of FORMULAS) {
    assert.equal(looksLikeHash(hash), true)
    await assert.rejects(checkHash(hash), { code: 'ERR_HASH' })
    await assert.rejects(verifyPassword(hash, hash, undefined, { weak: ['plain'] }), { code: 'ERR_HASH' })
  }
})

const accepted = (family: string, what: string, hash: string) =>
  test(`${family}: ${what} is within the limits`, () => checkHash(hash))

accepted('scrypt', 'a hash of 16 bytes', `$scrypt$ln=1,r=1,p=1$${SALT}$${bytes(16)}`)
accepted('scrypt', 'a hash of 128 bytes', `$scrypt$ln=1,r=1,p=1$${SALT}$${bytes(128)}`)
accepted('scrypt', 'a salt of 1024 bytes', `$scrypt$ln=1,r=1,p=1$${bytes(1024)}$${KEY}`)
accepted('scrypt', '128 MiB, the first of the OWASP rows,', `$scrypt$ln=17,r=8,p=1$${SALT}$${KEY}`)
accepted('scrypt', 'the most work', `$scrypt$ln=15,r=8,p=16$${SALT}$${KEY}`)
accepted('scrypt', 'the most work in many parts', `$scrypt$ln=2,r=1,p=1048576$${SALT}$${KEY}`)
accepted('scrypt of crypt(3)', '128 MiB', crypt7('F6..../....'))
accepted('scrypt of crypt(3)', 'a salt of 1024 bytes', crypt7('C6..../....', 's'.repeat(1024)))
accepted('pbkdf2', 'one iteration', `$pbkdf2-sha256$1$${SALT}$${KEY}`)
accepted('pbkdf2', 'the most iterations', `$pbkdf2-sha512$i=2000000,l=64$${SALT}$${bytes(64)}`)
accepted('pbkdf2', 'the most iterations times blocks', `$pbkdf2-sha1$1000000$${SALT}$${KEY}`)
accepted('pbkdf2', 'the prefix that passlib has for SHA-1', `$pbkdf2$131000$${SALT}$${bytes(20)}`)

accepted('bcrypt', 'the lowest cost', `$2a$04$${BCRYPT_REST}`)
accepted('bcrypt', 'the highest cost', `$2b$14$${BCRYPT_REST}`)
accepted('argon2', 'the least memory', argon2('m=8,t=1,p=1'))
accepted('argon2', '256 MiB', argon2('v=19$m=262144,t=4,p=1'))
accepted('argon2', '64 lanes', argon2('v=19$m=512,t=1,p=64'))
accepted('argon2', 'the most work', argon2('v=19$m=1024,t=1024,p=1'))
accepted('argon2', 'a salt of 64 bytes', argon2('v=19$m=8,t=1,p=1', bytes(64)))
accepted('argon2', 'a hash of 128 bytes', argon2('v=19$m=8,t=1,p=1', SALT, bytes(128)))
accepted('phpass', '2^7 rounds', phpass('5'))
accepted('phpass', '2^18 rounds', phpass('G'))
accepted('Drupal', '2^18 rounds', `$S$G12345678${'A'.repeat(43)}`)
accepted('Django', 'the most iterations', `pbkdf2_sha256$2000000$salt$${KEY}=`)

test('the most memory that is allowed is really to be had', async () => {
  assert.equal(await verifyPassword(`$scrypt$ln=17,r=15,p=1$${SALT}$${KEY}`, 'x'), false)
  assert.equal(await verifyPassword(`$argon2id$v=19$m=262144,t=1,p=1$${SALT}$${KEY}`, 'x'), false)
})

for (const [family, hash] of [
  ['scrypt', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}`],
  ['pbkdf2', `$pbkdf2-sha256$1$${SALT}$${KEY}`],
  ['argon2', `$argon2id$v=19$m=8,t=1,p=1$${SALT}$${KEY}`],
  ['bcrypt', BCRYPT[0]?.hash ?? ''],
  ['WordPress', WORDPRESS[0]?.hash ?? ''],
  ['phpass', PHPASS[0]?.hash ?? ''],
  ['Django', DJANGO[0]?.hash ?? ''],
] as const) {
  test(`${family}: an aborted signal stops the work before it begins`, async () => {
    const late = AbortSignal.abort(new Error('too late'))
    await assert.rejects(verifyPassword(hash, 'x', late), /too late/)
  })
}
