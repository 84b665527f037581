import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pbkdf2 } from '../../src/passwords/pbkdf2.ts'
import { scrypt } from '../../src/passwords/scrypt.ts'
import { PBKDF2, SCRYPT, type Vector } from './vectors.ts'

for (const vector of SCRYPT) verifies(scrypt, vector)
for (const vector of PBKDF2) verifies(pbkdf2, vector)

function verifies(family: typeof pbkdf2, { source, password, hash }: Vector): void {
  test(`${family.name} agrees with ${source}`, async () => {
    assert.equal(await family.verify(hash, password), true)
    assert.equal(await family.verify(hash, `${password}x`), false)
  })
}

const SALT = 'c2FsdHNhbHRzYWx0'
const KEY = 'A'.repeat(43)
const bytes = (length: number) => Buffer.alloc(length).toString('base64').replaceAll('=', '')

const malformed = (family: typeof pbkdf2, what: string, hash: string, message: RegExp) =>
  test(`${family.name}: ${what} is a HashError that names it and prints nothing of the hash`, async () => {
    assert.throws(() => family.check(hash), { code: 'ERR_HASH', message })
    await assert.rejects(family.verify(hash, 'secret'), (error: Error) => {
      const saltAndHash = hash.split('$').slice(3)
      for (const part of saltAndHash) assert.ok(part.length < 9 || !error.message.includes(part))
      return !error.message.includes('secret')
    })
  })

malformed(scrypt, 'a missing field', `$scrypt$ln=15,r=8,p=3$${SALT}`, /4 fields .*got 3/)
malformed(scrypt, 'a field too many', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}$`, /4 fields .*got 5/)
malformed(scrypt, 'another order of parameters', `$scrypt$r=8,ln=15,p=3$${SALT}$${KEY}`, /ln=,r=,p=/)
malformed(scrypt, 'a leading zero', `$scrypt$ln=015,r=8,p=3$${SALT}$${KEY}`, /`ln`/)
malformed(scrypt, 'a negative number', `$scrypt$ln=15,r=-8,p=3$${SALT}$${KEY}`, /`r`/)
malformed(scrypt, 'ln=0', `$scrypt$ln=0,r=8,p=3$${SALT}$${KEY}`, /`ln`.*got 0/)
malformed(scrypt, 'p=0', `$scrypt$ln=15,r=8,p=0$${SALT}$${KEY}`, /`p`.*got 0/)
malformed(scrypt, 'padding', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}=`, /hash .* base64/)
malformed(scrypt, 'base64 with bits left over', `$scrypt$ln=15,r=8,p=3$${SALT}$${'A'.repeat(42)}B`, /base64/)
malformed(scrypt, 'adapted base64', `$scrypt$ln=15,r=8,p=3$${SALT}$.${KEY.slice(1)}`, /base64/)
malformed(scrypt, 'a newline at the end', `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}\n`, /base64/)
malformed(scrypt, 'no hash', `$scrypt$ln=15,r=8,p=3$${SALT}$`, /16 to 128 bytes, got 0/)
malformed(scrypt, 'a hash of 15 bytes', `$scrypt$ln=15,r=8,p=3$${SALT}$${bytes(15)}`, /got 15/)
malformed(scrypt, 'a hash of 129 bytes', `$scrypt$ln=15,r=8,p=3$${SALT}$${bytes(129)}`, /got 129/)
malformed(scrypt, 'a salt of 1025 bytes', `$scrypt$ln=15,r=8,p=3$${bytes(1025)}$${KEY}`, /got 1025/)
malformed(scrypt, 'a gigabyte', `$scrypt$ln=20,r=8,p=1$${SALT}$${KEY}`, /256 MiB of memory/)
malformed(scrypt, 'more than 256 MiB', `$scrypt$ln=18,r=8,p=1$${SALT}$${KEY}`, /256 MiB of memory/)
malformed(scrypt, 'r=0', `$scrypt$ln=15,r=0,p=3$${SALT}$${KEY}`, /`r`.*got 0/)
malformed(scrypt, 'too much work', `$scrypt$ln=15,r=8,p=17$${SALT}$${KEY}`, /N\*r\*p = 4194304/)
malformed(scrypt, 'the least too much work', `$scrypt$ln=2,r=1,p=1048577$${SALT}$${KEY}`, /N\*r\*p = 4194304/)

malformed(pbkdf2, 'a missing field', `$pbkdf2-sha256$1000$${SALT}`, /4 fields .*got 3/)
malformed(pbkdf2, 'no iteration', `$pbkdf2-sha256$0$${SALT}$${KEY}`, /`iterations`.*got 0/)
malformed(pbkdf2, 'an iteration too many', `$pbkdf2-sha256$2000001$${SALT}$${KEY}`, /got 2000001/)
malformed(
  pbkdf2,
  'too many blocks',
  `$pbkdf2-sha1$1000001$${SALT}$${KEY}`,
  /iterations times blocks, got 2000002/,
)
malformed(pbkdf2, 'another length than told', `$pbkdf2-sha256$i=1,l=33$${SALT}$${KEY}`, /`l`.*from 32 to 32/)
malformed(pbkdf2, 'an unknown parameter', `$pbkdf2-sha256$i=1,x=2$${SALT}$${KEY}`, /i=,l=/)
malformed(pbkdf2, 'adapted base64 in a PHC string', `$pbkdf2-sha256$i=1$${SALT}$.${KEY.slice(1)}`, /base64/)
malformed(pbkdf2, 'a hash of 15 bytes', `$pbkdf2-sha256$1$${SALT}$${bytes(15)}`, /got 15/)

const accepted = (family: typeof pbkdf2, what: string, hash: string) =>
  test(`${family.name}: ${what} is within the limits`, () => family.check(hash))

accepted(scrypt, 'a hash of 16 bytes', `$scrypt$ln=1,r=1,p=1$${SALT}$${bytes(16)}`)
accepted(scrypt, 'a hash of 128 bytes', `$scrypt$ln=1,r=1,p=1$${SALT}$${bytes(128)}`)
accepted(scrypt, 'a salt of 1024 bytes', `$scrypt$ln=1,r=1,p=1$${bytes(1024)}$${KEY}`)
accepted(scrypt, '128 MiB, the first of the OWASP rows,', `$scrypt$ln=17,r=8,p=1$${SALT}$${KEY}`)
accepted(scrypt, 'the most work', `$scrypt$ln=15,r=8,p=16$${SALT}$${KEY}`)
accepted(scrypt, 'the most work in many parts', `$scrypt$ln=2,r=1,p=1048576$${SALT}$${KEY}`)
accepted(pbkdf2, 'one iteration', `$pbkdf2-sha256$1$${SALT}$${KEY}`)
accepted(pbkdf2, 'the most iterations', `$pbkdf2-sha512$i=2000000,l=64$${SALT}$${bytes(64)}`)
accepted(pbkdf2, 'the most iterations times blocks', `$pbkdf2-sha1$1000000$${SALT}$${KEY}`)
accepted(pbkdf2, 'the prefix that passlib has for SHA-1', `$pbkdf2$131000$${SALT}$${bytes(20)}`)

test('the most memory that is allowed is really to be had', async () => {
  assert.equal(await scrypt.verify(`$scrypt$ln=17,r=15,p=1$${SALT}$${KEY}`, 'x'), false)
})
test('an aborted signal stops the work before it begins', async () => {
  const hash = `$scrypt$ln=15,r=8,p=3$${SALT}$${KEY}`
  await assert.rejects(scrypt.verify(hash, 'x', AbortSignal.abort(new Error('too late'))), /too late/)
})
