import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crypt } from '../../src/passwords/crypt.ts'
import { checkHash, hashPassword, verifyPassword } from '../../src/passwords/registry.ts'
import { CRYPT } from './vectors-crypt.ts'

for (const { source, password, hash } of CRYPT) {
  const [title] = hash.split(/(?<=\$)[^$]*$/)
  test(`${title}... of ${source}`, async () => {
    assert.equal(await verifyPassword(hash, password), true)
  })
}

const SHA512 = CRYPT[7]?.hash ?? ''
const KEY = SHA512.slice(-86)

for (const [name, hash] of [
  ['the last character of the hash', `${SHA512.slice(0, -1)}/`],
  ['the salt', SHA512.replace('saltstring', 'saltstrinG')],
  ['the rounds', SHA512.replace('$6$', '$6$rounds=5001$')],
] as const) {
  test(`another hash is another password: ${name}`, async () => {
    assert.equal(await verifyPassword(hash, 'Hello world!'), false)
  })
}
test('another password is refused', async () => {
  assert.equal(await verifyPassword(SHA512, 'Hello world'), false)
})
test('rounds=5000 is the same as none', async () => {
  assert.equal(await verifyPassword(SHA512.replace('$6$', '$6$rounds=5000$'), 'Hello world!'), true)
})

const malformed = (what: string, hash: string, message: RegExp) =>
  test(`${what} is a HashError that prints nothing of the hash`, async () => {
    const expected = (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_HASH')
      assert.match(error.message, message)
      return !error.message.includes(KEY.slice(0, 8)) && !error.message.includes('secret')
    }
    await assert.rejects(checkHash(hash), expected)
    await assert.rejects(verifyPassword(hash, 'secret'), expected)
  })

malformed('no hash', '$6$salt', /salt and hash/)
malformed('a field too many', `$6$salt$${KEY}$`, /salt and hash/)
malformed('an empty hash', '$6$salt$', /hash of a crypt hash to have 86 characters.*got 0/)
malformed('a hash that is too short', `$6$salt$${KEY.slice(1)}`, /got 85/)
malformed('a hash of $5$ behind $6$', `$6$salt$${KEY.slice(43)}`, /got 43/)
malformed('a hash of $6$ behind $1$', `$1$salt$${KEY}`, /22 characters/)
malformed('another character in the hash', `$6$salt$+${KEY.slice(1)}`, /of its alphabet, got others/)
malformed('a newline at the end', `$6$salt$${KEY}\n`, /of its alphabet/)
malformed('a salt of 17 characters', `$6$${'s'.repeat(17)}$${KEY}`, /0 to 16 characters.*got 17/)
malformed(
  'a salt of 9 characters of $1$',
  `$1$${'s'.repeat(9)}$${KEY.slice(0, 22)}`,
  /0 to 8 characters.*got 9/,
)
malformed('a space in the salt', `$6$sa lt$${KEY}`, /salt .* got others/)
malformed('999 rounds', `$6$rounds=999$salt$${KEY}`, /`rounds`.*from 1000 to 1000000, got 999/)
malformed('1 000 001 rounds', `$6$rounds=1000001$salt$${KEY}`, /got 1000001/)
malformed('the most rounds of the specification', `$6$rounds=999999999$salt$${KEY}`, /got 999999999/)
malformed('no number of rounds', `$6$rounds=$salt$${KEY}`, /`rounds`/)
malformed('a leading zero', `$6$rounds=05000$salt$${KEY}`, /`rounds`/)
malformed('rounds of $1$', `$1$rounds=2000$salt$${KEY.slice(0, 22)}`, /salt and hash/)

const SHA1 = KEY.slice(-28)
malformed('$sha1$ without rounds', `$sha1$salt$${SHA1}`, /rounds \(\$sha1\$\)/)
malformed('$sha1$ with rounds=', `$sha1$rounds=1000$salt$${SHA1}`, /`rounds`/)
malformed('$sha1$ without a round', `$sha1$0$salt$${SHA1}`, /`rounds`.*from 1 to 500000, got 0/)
malformed('$sha1$ with 500 001 rounds', `$sha1$500001$salt$${SHA1}`, /got 500001/)
malformed('a hash of $sha1$ that is too long', `$sha1$1000$salt$${SHA1}a`, /28 characters.*got 29/)
malformed('a salt of 65 characters of $sha1$', `$sha1$1000$${'s'.repeat(65)}$${SHA1}`, /0 to 64.*got 65/)

for (const [rounds, salt] of [
  [1, ''],
  [500_000, 's'.repeat(64)],
] as const) {
  test(`${rounds} rounds and a salt of ${salt.length} characters are within the limits of $sha1$`, () =>
    checkHash(`$sha1$${rounds}$${salt}$${SHA1}`))
}
for (const rounds of [1000, 1_000_000]) {
  test(`${rounds} rounds are within the limits`, () => checkHash(`$6$rounds=${rounds}$salt$${KEY}`))
}
for (const salt of ['', 's'.repeat(16)]) {
  test(`a salt of ${salt.length} characters is within the limits`, () => checkHash(`$6$${salt}$${KEY}`))
}

test('a password of more than 511 bytes is nobody’s, and costs nothing', async () => {
  const long = 'é'.repeat(256)
  const hash = '$6$rounds=1000000$salt$'.concat(KEY)
  assert.equal(await verifyPassword(hash, long), false)
})
test('one of 511 bytes is hashed and found', async () => {
  const password = 'x'.repeat(511)
  assert.equal(await verifyPassword(await crypt.hash(password, {}), password), true)
})

test('a new hash has 100 000 rounds and 16 characters of salt, and crypt(3) agrees with it', async () => {
  const password = 'correct horse'
  const hash = await hashPassword(password, { newHashes: 'sha512-crypt' })
  assert.match(hash, /^\$6\$rounds=100000\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
  assert.equal(await verifyPassword(hash, password), true)
  const { execFileSync } = await import('node:child_process')
  const salt = hash.split('$').slice(2, 4).join('$')
  const args = ['passwd', '-6', '-salt', salt, '-stdin']
  assert.equal(execFileSync('openssl', args, { input: password, encoding: 'utf8' }).trim(), hash)
})
for (const [what, password] of [
  ['512 bytes', 'x'.repeat(512)],
  ['a NUL', 'a\0b'],
] as const) {
  test(`a new password with ${what} is not hashed, because crypt(3) could not verify it`, async () => {
    await assert.rejects(hashPassword(password, { newHashes: 'sha512-crypt' }), { code: 'ERR_HASH' })
  })
}

test('the event loop is free while a hash is computed', async () => {
  let turns = 0
  let running = true
  const turn = () => {
    turns++
    if (running) setImmediate(turn)
  }
  turn()
  await verifyPassword(`$6$rounds=100000$salt$${KEY}`, 'x')
  running = false
  assert.ok(turns > 10, `${turns} turns`)
})

test('an aborted signal stops the work before it begins, and is not waited for while it goes on', async () => {
  const hash = `$6$rounds=1000$salt$${KEY}`
  const gone = new Error('too late')
  await assert.rejects(verifyPassword(hash, 'x', AbortSignal.abort(gone)), gone)
  const controller = new AbortController()
  const verification = verifyPassword(`$6$rounds=100000$salt$${KEY}`, 'x', controller.signal)
  setImmediate(() => controller.abort(gone))
  await assert.rejects(verification, gone)
})
