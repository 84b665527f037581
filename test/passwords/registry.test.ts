import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHash, hashPassword, looksLikeHash, verifyPassword } from '../../src/passwords/registry.ts'
import { PBKDF2, SCRYPT } from './vectors.ts'

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

for (const { source, hash, password } of [...SCRYPT.slice(0, 1), ...PBKDF2.slice(-1)]) {
  test(`the family is found by the prefix: ${source}`, async () => {
    checkHash(hash)
    assert.equal(await verifyPassword(hash, password), true)
  })
}

const unsupported = (name: string, hash: string) =>
  test(`${name} is recognised, refused with a HashError, and never a wrong password`, async () => {
    const expected = {
      code: 'ERR_HASH',
      message: new RegExp(`not supported yet: ${name}.*scrypt, pbkdf2`),
    }
    await assert.rejects(verifyPassword(hash, 'secret'), expected)
    assert.throws(() => checkHash(hash), expected)
    assert.equal(looksLikeHash(hash), true)
  })

unsupported('bcrypt', '$2y$10$abcdefghijklmnopqrstuu')
unsupported('bcrypt', '$2b$12$abcdefghijklmnopqrstuu')
unsupported('argon2', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA')
unsupported('yescrypt', '$y$j9T$salt$hash')
unsupported('md5-crypt', '$1$salt$hash')
unsupported('apr1', '$apr1$salt$hash')
unsupported('sha512-crypt', '$6$rounds=5000$salt$hash')
unsupported('phpass', '$P$B12345678')
unsupported('Django', 'pbkdf2_sha256$600000$salt$hash')
unsupported('LDAP or Dovecot scheme', '{SSHA}abcdef')

test('an unknown format is a HashError that says which formats are understood, and not what was found', async () => {
  await assert.rejects(verifyPassword('hunter2hunter2', 'x'), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ERR_HASH')
    assert.match(error.message, /understood \(scrypt, pbkdf2\), got 14 characters/)
    return !error.message.includes('hunter2')
  })
})
test('an empty hash is a HashError', () => assert.rejects(verifyPassword('', ''), { code: 'ERR_HASH' }))
test('a password does not look like a hash', () => assert.equal(looksLikeHash('md5$ is no hash'), false))
