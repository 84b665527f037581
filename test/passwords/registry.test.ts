import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encode } from '../../src/passwords/crypt-base64.ts'
import type { NewHashFormat, PasswordFormats } from '../../src/passwords/formats.ts'
import { stretchPhpass } from '../../src/passwords/phpass-rounds.ts'
import { checkHash, hashPassword, looksLikeHash, verifyPassword } from '../../src/passwords/registry.ts'
import { ARGON2, BCRYPT, DJANGO, PHPASS, WORDPRESS } from './application-vectors.ts'
import { ALL_WEAK } from './support.ts'

test('a new hash is scrypt with a salt of 16 bytes and a key of 32, and verifies', async () => {
  const hash = await hashPassword('correct horse')
  assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await verifyPassword(hash, 'correct horse'), true)
  assert.equal(await verifyPassword(hash, 'correct horsf'), false)
})

test('two hashes of one password differ', async () => {
  assert.notEqual(await hashPassword('x'), await hashPassword('x'))
})

test('a password is the same however its letters are composed and whatever its spaces are', async () => {
  const hash = await hashPassword('caf\u00e9 noir')
  assert.equal(await verifyPassword(hash, 'cafe\u0301\u00a0noir'), true)
})

test('a hash that somebody else made of an unprepared password verifies', async () => {
  const password = 'cafe\u0301'
  const { pbkdf2Sync } = await import('node:crypto')
  const key = pbkdf2Sync(password, 'salt', 10, 32, 'sha256').toString('base64').replace('=', '')
  assert.equal(await verifyPassword(`$pbkdf2-sha256$i=10$c2FsdA$${key}`, password), true)
})

const unsupported = (name: string, hash: string, cure: RegExp, what = '') =>
  test(`${name}${what} is recognised, refused with a HashError that says what to do, and never a wrong password`, async () => {
    const expected = { code: 'ERR_HASH', message: new RegExp(`looks like ${name}.*${cure.source}`) }
    await assert.rejects(verifyPassword(hash, hash), expected)
    await assert.rejects(verifyPassword(hash, hash, undefined, { weak: ALL_WEAK }), expected)
    await assert.rejects(checkHash(hash), expected)
    assert.equal(looksLikeHash(hash), true)
  })

unsupported('yescrypt', '$y$j9T$salt$hash', /ldap and http.*auth_method pam.*new passwords/)
unsupported('gost-yescrypt', '$gy$j9T$salt$hash', /ldap and http/)
unsupported('SunMD5', '$md5,rounds=904$salt$$hash', /ldap and http/)
unsupported('NT hash', '$3$$hash', /new passwords/)
unsupported('bcrypt of a version before 2a', '$2$05$salt', /new passwords/)
unsupported('a fast hash of WordPress', '$generic$hash', /application password.*user_pass/)
unsupported('bsdi-crypt', `_J9..${'a'.repeat(15)}`, /ldap and http/)
unsupported(
  'the PASSWORD\\(\\) of MySQL',
  '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19',
  /column of the application/,
)
unsupported('the md5 of PostgreSQL', 'md55f4dcc3b5aa765d61d8327deb882cf99', /column of the application/)

for (const [maker, hash] of [
  ['Werkzeug', 'pbkdf2:sha256:260000$NLzV$7d1f9a0b'],
  ['Werkzeug', 'scrypt:32768:8:1$abc$00ff'],
  ['Werkzeug 1', `sha512$NLzV$${'0f'.repeat(64)}`],
  ['web2py', 'pbkdf2(1000,20,sha512)$b2d0$00ff'],
  ['Django', 'sha256$salt$deadbeef'],
  ['Django 1', 'unsalted_md5$$0123'],
  ['Django 1', 'crypt$$abcdefghijklm'],
  ['somebody', `salt$more$${'Zm9v'.repeat(7)}=`],
  ['somebody', `salt$${'0f'.repeat(20)}`],
  ['osCommerce and the like', `${'0F'.repeat(32)}:salt`],
  ['somebody', `x:${'0f'.repeat(16)}`],
] as const) {
  unsupported('a salted digest', hash, /ldap and http/, ` (${maker}: ${hash.slice(0, 20)})`)
}
unsupported('the mark that a hash is in a shadow file', 'x', /take it from there/)

const guessed = (name: string, hash: string) =>
  test(`${name} is refused with a HashError, and is a password where passwords are stored as they are`, async () => {
    await assert.rejects(verifyPassword(hash, hash), { code: 'ERR_HASH', message: new RegExp(name) })
    assert.equal(await verifyPassword(hash, hash, undefined, { weak: ['plain'] }), true)
    assert.equal(await verifyPassword(hash, `${hash}x`, undefined, { weak: ['plain'] }), false)
  })

guessed('DES crypt', 'rl.3StKT.4T8M')
guessed('no password, or a locked one', '!important')
for (const password of ['hunter2hunter2', 'pa$$word', 'crypto$rich$', 'shaggy$1$', 'a:b', 'X'])
  guessed(`${password.length} characters of an unknown one`, password)

for (const hash of ['rl.3StKT.4T8M', 'abJnggxhB/yWI']) {
  test(`${hash}, which DES crypt has made, looks like a hash`, () => assert.equal(looksLikeHash(hash), true))
}
test('13 letters of which the last cannot be that of a hash are a password', () => {
  assert.equal(looksLikeHash('hunter2hunter'), false)
})

for (const locked of [
  ...['!', '!!', '*', '!*', '*LK*', '*NP*', `!${'aB3'.repeat(13)}x`],
  ...['!$6$salt$hash', '!!$6$salt$hash', '*LK*$5$salt$hash', '*LOCKED*$6$salt$hash'],
  ...['!{SSHA}digest', '!5f4dcc3b5aa765d61d8327deb882cf99'],
]) {
  test(`${locked} is nobody's password, whatever is allowed`, async () => {
    await checkHash(locked)
    for (const password of [locked, 'x', locked.slice(1)]) {
      assert.equal(await verifyPassword(locked, password), false)
      assert.equal(await verifyPassword(locked, password, undefined, { weak: ALL_WEAK }), false)
    }
  })
}

test('whoever has stolen a hash cannot log in with it where passwords are stored as they are', async () => {
  const weak = ['plain'] as const
  for (const hash of [
    ...[BCRYPT, DJANGO, PHPASS, WORDPRESS].map(([vector]) => vector?.hash ?? ''),
    '5f4dcc3b5aa765d61d8327deb882cf99',
    'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99',
    '$y$j9T$salt$hash',
  ]) {
    const answer = await verifyPassword(hash, hash, undefined, { weak }).catch((error) => error.code)
    assert.ok(answer === false || answer === 'ERR_HASH')
  }
})

test('an empty text is no password, even where passwords are stored as they are', async () => {
  await assert.rejects(verifyPassword('', '', undefined, { weak: ['plain'] }), { code: 'ERR_HASH' })
})

test('a pepper is appended to the password of bcrypt', async () => {
  const formats: PasswordFormats = { pepper: 'sea salt', newHashes: 'bcrypt' }
  const hash = await hashPassword('correct horse', formats)
  assert.equal(await verifyPassword(hash, 'correct horse', undefined, formats), true)
  assert.equal(await verifyPassword(hash, 'correct horse'), false)
  assert.equal(await verifyPassword(hash, 'correct horsesea salt'), true)
})

test('a pepper is not in what other formats make of bcrypt', async () => {
  const formats: PasswordFormats = { pepper: 'sea salt', newHashes: 'wordpress' }
  const hash = await hashPassword('correct horse', formats)
  assert.equal(await verifyPassword(hash, 'correct horse', undefined, formats), true)
  assert.equal(await verifyPassword(hash, 'correct horse'), true)
})

test('a password with a NUL is not that of a bcrypt hash, not even up to the NUL', async () => {
  const hash = await hashPassword('correct', { newHashes: 'bcrypt' })
  assert.equal(await verifyPassword(hash, 'correct\0horse'), false)
  assert.equal(await verifyPassword(hash, 'correct\0'), false)
})

test('a password that is not in ASCII cannot be held against $2x$, which is not a wrong password', async () => {
  // crypt_blowfish 1.2, wrapper.c.
  const hash = '$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS'
  await checkHash(hash)
  const expected = { code: 'ERR_HASH', message: /\$2x\$.* to be ASCII.*new password/ }
  await assert.rejects(verifyPassword(hash, '\u0451'), expected)
  await assert.rejects(verifyPassword(hash, `x${'\u00e9'.repeat(36)}`), expected)
  assert.equal(await verifyPassword(hash, 'x'.repeat(72).concat('\u00e9')), false)
})

test('a password of more than 4096 bytes is not that of a WordPress hash', async () => {
  const [hash = ''] = WORDPRESS.map((vector) => vector.hash)
  assert.equal(await verifyPassword(hash, 'x'.repeat(4097)), false)
})

test('WordPress drops the white space around a password', async () => {
  const [{ hash = '' } = {}] = WORDPRESS
  assert.equal(await verifyPassword(hash, ' \t\nhashpwn\0\v\r '), true)
  assert.equal(await verifyPassword(hash, 'hash pwn'), false)
})

test('a Drupal hash that was made of an MD5 digest verifies', async () => {
  const md5 = createHash('md5').update('correct horse').digest('hex')
  const salt = '12345678'
  const key = encode(stretchPhpass('sha512', 2 ** 7, Buffer.from(salt), Buffer.from(md5))).slice(0, 43)
  assert.equal(await verifyPassword(`U$S$5${salt}${key}`, 'correct horse'), true)
  assert.equal(await verifyPassword(`U$S$5${salt}${key}`, md5), false)
  assert.equal(await verifyPassword(`$S$5${salt}${key}`, 'correct horse'), false)
  assert.equal(await verifyPassword(`$S$5${salt}${key}`, md5), true)
})

for (const [least, longest] of [
  ['$S$', 512],
  ['$P$', 4096],
] as const) {
  test(`a password of ${longest} bytes is the longest for ${least}`, async () => {
    const digest = least === '$S$' ? 'sha512' : 'md5'
    const make = (password: string) => {
      const bytes = stretchPhpass(digest, 2 ** 7, Buffer.from('12345678'), Buffer.from(password))
      return `${least}512345678${encode(bytes).slice(0, least === '$S$' ? 43 : 22)}`
    }
    const password = 'x'.repeat(longest)
    assert.equal(await verifyPassword(make(password), password), true)
    assert.equal(await verifyPassword(make(`${password}x`), `${password}x`), false)
  })
}

const newHashes = (format: NewHashFormat, expected: RegExp) =>
  test(`a new hash of ${format} verifies, by its prepared form, and two of them differ`, async () => {
    const formats: PasswordFormats = { newHashes: format }
    const hash = await hashPassword('caf\u00e9\u00a0noir', formats)
    assert.match(hash, expected)
    assert.equal(await verifyPassword(hash, 'cafe\u0301 noir', undefined, formats), true)
    assert.equal(await verifyPassword(hash, 'caf\u00e9 noirx', undefined, formats), false)
    assert.notEqual(await hashPassword('caf\u00e9\u00a0noir', formats), hash)
  })

newHashes('bcrypt', /^\$2y\$12\$[./A-Za-z0-9]{53}$/)
newHashes('argon2id', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
newHashes('django', /^pbkdf2_sha256\$1000000\$[A-Za-z0-9]{22}\$[A-Za-z0-9+/]{43}=$/)
newHashes('wordpress', /^\$wp\$2y\$12\$[./A-Za-z0-9]{53}$/)

const refusesToHash = (title: string, password: string, formats: PasswordFormats, message: RegExp) =>
  test(`${title} is not stored`, async () => {
    await assert.rejects(hashPassword(password, formats), { code: 'ERR_HASH', message })
  })

refusesToHash('a password with a NUL for bcrypt', 'a\0b', { newHashes: 'bcrypt' }, /no NUL/)
refusesToHash(
  'a password of 73 bytes for bcrypt',
  'x'.repeat(73),
  { newHashes: 'bcrypt' },
  /72 bytes.*got 73/,
)
refusesToHash(
  'a password of 71 bytes with a pepper of 2',
  'x'.repeat(71),
  { newHashes: 'bcrypt', pepper: 'pp' },
  /72 bytes, its pepper included, got 73/,
)
refusesToHash(
  'a password of 4097 bytes',
  'x'.repeat(4097),
  { newHashes: 'wordpress' },
  /4096 bytes, got 4097/,
)

test('a password of 72 bytes is stored with bcrypt, and all of it counts', async () => {
  const hash = await hashPassword('x'.repeat(72), { newHashes: 'bcrypt' })
  assert.equal(await verifyPassword(hash, 'x'.repeat(72)), true)
  assert.equal(await verifyPassword(hash, 'x'.repeat(71)), false)
})

test('packages that are passed in are used', async () => {
  const calls: string[] = []
  const answering = (name: string, answer: boolean) => ({
    hash: async () => name,
    verify: async () => {
      calls.push(name)
      return answer
    },
  })
  const formats: PasswordFormats = { bcrypt: answering('bcrypt', true), argon2: answering('argon2', false) }
  assert.equal(await verifyPassword(`$2y$04$${'A'.repeat(53)}`, 'x', undefined, formats), true)
  assert.equal(await verifyPassword(`1|$2y$04$${'A'.repeat(53)}`, 'x', undefined, formats), true)
  assert.equal(await verifyPassword(ARGON2[0]?.hash ?? '', 'password', undefined, formats), false)
  assert.equal(await hashPassword('x', { ...formats, newHashes: 'bcrypt' }), 'bcrypt')
  assert.equal(await hashPassword('x', { ...formats, newHashes: 'wordpress' }), '$wpbcrypt')
  assert.deepEqual(calls, ['bcrypt', 'bcrypt', 'argon2'])
})

test('an unknown format is a HashError that says which formats are understood, and not what was found', async () => {
  await assert.rejects(verifyPassword('hunter2hunter2', 'x'), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ERR_HASH')
    assert.match(error.message, /understood \(scrypt, pbkdf2, .*\), got 14 characters/)
    return !error.message.includes('hunter2')
  })
})
test('an empty hash is a HashError', () => assert.rejects(verifyPassword('', ''), { code: 'ERR_HASH' }))
test('a password does not look like a hash', () => assert.equal(looksLikeHash('md5$ is no hash'), false))
