import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import type { JwtOptions } from '../../src/backends/jwt/options.ts'
import { jwt } from '../../src/backends/jwt.ts'
import { temporaryFolder, write } from '../helpers/files.ts'
import { auth, ecPair, edPair, rsaPair, SECRET, signed, signedWith } from './jwt-support.ts'

const RSA = rsaPair('rsa')
const EC = ecPair('ec')
const ED = edPair('ed')

const misuse = (title: string, options: unknown, message: string | RegExp) =>
  test(`${title} is a TypeError`, () => {
    assert.throws(() => jwt(options as JwtOptions), { name: 'TypeError', message })
  })

misuse(
  'a URL with a password in it',
  'https://me:hunter2@id.example.org/',
  'Expected the options of jwt to be an object, got a text of 34 characters',
)
misuse('nothing', undefined, 'Expected the options of jwt to be an object, got nothing')
misuse('no key', {}, 'Expected jwt to be given one of `secret`, `publicKey` and `jwks`, got none')
misuse(
  'two kinds of keys',
  { secret: SECRET, publicKey: RSA.pem },
  'Expected jwt to be given one of `secret`, `publicKey` and `jwks`, got `secret` and `publicKey`',
)
misuse('a slip', { secrets: SECRET }, 'jwt has no option `secrets`: did you mean secret?')
misuse(
  'an option of jwks without it',
  { secret: SECRET, graceTime: 1 },
  'Expected `graceTime` of jwt to be left out, as it says something about `jwks`, which is not given, got `1` (number)',
)
misuse(
  'an address on another host without encryption',
  { jwks: 'http://id.example.org/keys' },
  'Expected `jwks` of jwt to be an https:// URL, as what is said to id.example.org would go there unencrypted (or `insecure: true`, if that is what you want), got `http://id.example.org` (string)',
)
misuse(
  'leave to go without encryption where nobody goes',
  { secret: SECRET, insecure: true },
  'Expected `insecure` of jwt to be left out, as it says something about `jwks`, which is not given, got `true` (boolean)',
)
misuse(
  'an address that is no URL',
  { jwks: 'id.example.org' },
  'Expected `jwks` of jwt to be a URL that begins with https:// or http://, without a password in it, got a text of 14 characters',
)
misuse(
  'an address with a password',
  { jwks: 'https://a:hidden@id.example.org' },
  /got a text of 31 characters$/,
)
misuse('an address of a file', { jwks: 'file:///etc/keys' }, /begins with https:/)

misuse(
  'an empty secret',
  { secret: '' },
  'Expected `secret` of jwt to have at least 32 bytes for HS256, got 0: openssl rand -base64 48 makes one',
)
misuse('a secret of 31 bytes', { secret: 'x'.repeat(31) }, /at least 32 bytes for HS256, got 31: /)
misuse(
  'a secret that is too short for one of the algorithms',
  { secret: 'x'.repeat(63), algorithms: ['HS256', 'HS512'] },
  /at least 64 bytes for HS256, HS512, got 63: /,
)
for (const secret of [RSA.pem, Buffer.from(RSA.pem)])
  misuse(
    `a public key as a secret (${typeof secret})`,
    { secret },
    'Expected `secret` of jwt to be a shared secret, got PEM: a public key is `publicKey`',
  )
misuse('a short one among the secrets', { secret: [SECRET, 'x'] }, /at least 32 bytes for HS256, got 1: /)
misuse('no secrets', { secret: [] }, /^Expected `secret` of jwt to be .*, got an empty list$/)
misuse(
  'a number among the secrets',
  { secret: [SECRET, 42] },
  'Expected `secret[1]` of jwt to be a text, or bytes, got a value of type number',
)
misuse(
  'a number among the public keys',
  { publicKey: [RSA.pem, 42] },
  'Expected `publicKey[1]` of jwt to be PEM or a JSON Web Key, got a value of type number',
)
misuse(
  'a secret that is a number',
  { secret: 42 },
  /^Expected `secret` of jwt to be .*, got a value of type number$/,
)
for (const [algorithm, length] of [
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
] as const)
  test(`a secret of ${length} bytes, in any characters, is enough for ${algorithm}`, () => {
    jwt({ secret: '\u00e9'.repeat(length / 2), algorithms: [algorithm] })
  })

misuse(
  'no algorithms',
  { secret: SECRET, algorithms: [] },
  /^Expected `algorithms` of jwt to be a list, .*, got an empty list$/,
)
for (const algorithm of ['none', 'None', 'hs256', 'HS1', 'RSA-OAEP', 'constructor', ''])
  misuse(
    `the algorithm ${algorithm}`,
    { secret: SECRET, algorithms: ['HS256', algorithm] },
    `Expected \`algorithms[1]\` of jwt to be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, got ${algorithm === '' ? 'an empty text' : `\`${algorithm}\` (string)`}`,
  )
misuse(
  'a shared secret for a public key',
  { publicKey: RSA.pem, algorithms: ['RS256', 'HS256'] },
  /^Expected `algorithms` of jwt to be some of RS256, .*, which go with public keys, got `HS256` \(string\)$/,
)
misuse(
  'a shared secret for published keys',
  { jwks: 'https://id.example.org', algorithms: ['HS256'] },
  /public keys, got `HS256`/,
)
misuse(
  'a public key for a secret',
  { secret: SECRET, algorithms: ['RS256'] },
  /which go with a secret, got `RS256`/,
)

misuse(
  'a public key that is none',
  { publicKey: 'hidden' },
  'Expected `publicKey` of jwt to be PEM or a JSON Web Key, got a text of 6 characters',
)
misuse(
  'a public key that is a word in PEM',
  { publicKey: RSA.pem.replace(/\n.*\n/, '\nAAAA\n') },
  /got a text of \d+ characters$/,
)
misuse('a JSON Web Key that is none', { publicKey: {} }, /got an empty object$/)
misuse(
  'a shared secret as a JSON Web Key',
  { publicKey: { kty: 'oct', k: 'hidden' } },
  /got a value of type object$/,
)
misuse(
  'a private key',
  { publicKey: String(RSA.privateKey.export({ type: 'pkcs8', format: 'pem' })) },
  'Expected `publicKey` of jwt to be a public key, got a private one',
)
misuse(
  'a private JSON Web Key',
  { publicKey: [EC.jwk, EC.privateKey.export({ format: 'jwk' })] },
  'Expected `publicKey` of jwt to be a public key, got a private one',
)
misuse(
  'a short RSA key',
  { publicKey: rsaPair('short', 2040).pem },
  'Expected `publicKey` of jwt to have at least 2048 bits, got 2040',
)
misuse(
  'a key that fits none of the algorithms',
  { publicKey: [RSA.pem, EC.pem], algorithms: ['RS256', 'ES384'] },
  'Expected `publicKey` of jwt to be for RS256, ES384, got a key of type prime256v1',
)
misuse('a key of a curve that nobody uses', { publicKey: pemOf('secp256k1') }, /got a key of type secp256k1$/)
misuse(
  'a key that signs nothing',
  { publicKey: String(generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' })) },
  /got a key of type x25519$/,
)

misuse(
  'a user that is neither a text nor a function',
  { secret: SECRET, user: 1 },
  'Expected `user` of jwt to be a text, or a function, got `1` (number)',
)
misuse(
  'a form of the user that is none',
  { secret: SECRET, userIs: 'mail' },
  /`userIs` of jwt to be one of local, jid, got `mail`/,
)
misuse(
  'a policy that is none',
  { secret: SECRET, isuser: 'nobody' },
  /`isuser` of jwt to be one of unknown, everybody, none, got `nobody`/,
)
misuse(
  'a claim that is an object',
  { secret: SECRET, claims: { typ: 'Bearer', act: { sub: 'a' } } },
  /^Expected `act` of claims of jwt to be a text, a number, true or false, or a list.*, got a value of type object$/,
)
misuse(
  'a claim that may be an object',
  { secret: SECRET, claims: { azp: ['a', {}] } },
  'Expected `azp[1]` of claims of jwt to be a text, a number, true or false, got an empty object',
)
misuse(
  'a claim that may be nothing',
  { secret: SECRET, claims: { azp: [] } },
  /^Expected `azp` of claims of jwt .*, got an empty list$/,
)
misuse(
  'an audience that is empty',
  { secret: SECRET, audience: ['a', ''] },
  'Expected `audience[1]` of jwt to be a text, got an empty text',
)
for (const clockTolerance of [-1, Number.NaN, Number.POSITIVE_INFINITY, '30'])
  misuse(
    `a tolerance of ${clockTolerance}`,
    { secret: SECRET, clockTolerance },
    /^Expected `clockTolerance` of jwt to be a number of seconds from 0 up, got/,
  )
misuse('a patience that is no number', { secret: SECRET, patience: '1' }, /^Expected `patience` of jwt/)
misuse(
  'a package that is another',
  { secret: SECRET, jose: { sign: () => {} } },
  /^Expected `jose` of jwt to be the package jose/,
)

function pemOf(namedCurve: string): string {
  return String(generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'pem' }))
}

test('no error shows a secret', () => {
  const secret = 'hidden-secret'
  for (const options of [
    { secret },
    { secret: [secret] },
    { secret, jwks: secret },
    { publicKey: secret },
    { jwks: secret },
    { jwks: { secret } },
  ])
    assert.throws(
      () => jwt(options as JwtOptions),
      (error: Error) => !String(error.stack).includes('hidden'),
    )
})

test('the package may be passed in', async () => {
  assert.equal(await auth(jwt({ secret: SECRET, jose }), signedWith(SECRET)), true)
})

test('of the usual algorithms, those are allowed that fit the keys', async () => {
  const handlers = jwt({ publicKey: [EC.pem, ED.jwk] })
  assert.equal(await auth(handlers, await signed(EC)), true)
  assert.equal(await auth(handlers, await signed(ED)), true)
  assert.equal(await auth(handlers, await signed(RSA)), false)
})

test('RSA in its older form, and a certificate, are public keys', async (t) => {
  const pem = String(RSA.publicKey.export({ type: 'pkcs1', format: 'pem' }))
  assert.equal(await auth(jwt({ publicKey: pem }), await signed(RSA)), true)
  const pkcs8 = String(RSA.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const key = write(temporaryFolder(t), 'key.pem', pkcs8)
  const command = ['req', '-x509', '-key', key, '-subj', '/CN=example.org', '-days', '1']
  const certificate = execFileSync('openssl', command, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  assert.equal(await auth(jwt({ publicKey: certificate }), await signed(RSA)), true)
})
