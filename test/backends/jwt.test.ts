import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import fc from 'fast-check'
import { CompactEncrypt } from 'jose'
import type { JwtOptions } from '../../src/backends/jwt/options.ts'
import { jwt } from '../../src/backends/jwt.ts'
import { named } from './contract.ts'
import {
  AUDIENCE,
  auth,
  claimsOfAlice,
  ecPair,
  edPair,
  encode,
  ISSUER,
  now,
  rsaPair,
  SECRET,
  signed,
  signedWith,
} from './jwt-support.ts'

const RSA = rsaPair('rsa')
const OTHER_RSA = rsaPair('rsa')
const EC = ecPair('ec')
const ED = edPair('ed')

const strict = { issuer: ISSUER, audience: AUDIENCE }
const withSecret = jwt({ secret: SECRET, ...strict })
const withKeys = jwt({ publicKey: [RSA.pem, EC.pem], ...strict })

const { sub: _sub, ...nobody } = claimsOfAlice()
const { exp: _exp, ...forEver } = claimsOfAlice()
const { aud: _aud, ...forAll } = claimsOfAlice()
const { iss: _iss, ...fromAnyone } = claimsOfAlice()
const alice = (other: Record<string, unknown>) => ({ ...claimsOfAlice(), ...other })

const allows = (
  title: string,
  token: () => string | Promise<string>,
  handlers = withSecret,
  user = 'alice',
) => test(`${title} is allowed`, async () => assert.equal(await auth(handlers, await token(), user), true))
const refuses = (
  title: string,
  token: () => string | Promise<string>,
  handlers = withSecret,
  user = 'alice',
) => test(`${title} is refused`, async () => assert.equal(await auth(handlers, await token(), user), false))

allows('a good token', () => signedWith(SECRET))
allows('a token of a public key', () => signed(RSA), withKeys)
allows('a token of an elliptic curve', () => signed(EC), withKeys)
allows('a token of Ed25519', () => signed(ED), jwt({ publicKey: ED.pem }))
allows('a token of a JSON Web Key', () => signed(EC), jwt({ publicKey: EC.jwk }))
allows(
  'a token whose key is called otherwise',
  () => signed(EC, alice({}), { kid: 'x' }),
  jwt({ publicKey: EC.jwk }),
)
allows(
  'a token of RSA-PSS',
  () => signed({ ...RSA, alg: 'PS256' }),
  jwt({ publicKey: RSA.pem, algorithms: ['PS256'] }),
)
allows('a token without a name for its key', () => signed(RSA, alice({}), { kid: undefined }), withKeys)
allows('a token of the new secret', () => signedWith(SECRET), jwt({ secret: ['o'.repeat(32), SECRET] }))
allows(
  'a token of the old secret',
  () => signedWith('o'.repeat(32)),
  jwt({ secret: [SECRET, 'o'.repeat(32)] }),
)
allows(
  'a token of the second of two keys of a kind',
  () => signed(OTHER_RSA),
  jwt({ publicKey: [RSA.pem, OTHER_RSA.pem] }),
)

const part = (token: string, index: number) => token.split('.')[index] ?? ''
const forged = (header: Record<string, unknown>, signature = '') =>
  `${encode(header)}.${encode(claimsOfAlice())}.${signature}`

refuses('an ordinary password', () => 'pa:ss w\u00f6rd')
refuses('an empty text', () => '')
refuses('two dots', () => '..')
refuses('a password with two dots', () => 'a.b.c')
refuses('an unsigned token', () => forged({ alg: 'none' }))
refuses('an unsigned token with a signature', () => forged({ alg: 'none' }, part(signedWith(SECRET), 2)))
refuses('an unsigned token in other letters', () => forged({ alg: 'nOnE' }, 'AAAA'))
refuses('a token without an algorithm', () => signedWith(SECRET, alice({}), { typ: 'JWT' }))
refuses('a token with two algorithms', () => signedWith(SECRET, alice({}), '{"alg":"HS256","alg":"none"}'))
refuses('a token whose algorithm is no text', () => signedWith(SECRET, alice({}), { alg: ['HS256'] }))
refuses('a token of another secret', () => signedWith('x'.repeat(32)))
refuses('a token of an algorithm that is not in the list', () =>
  signedWith(SECRET, alice({}), { alg: 'HS512' }),
)
refuses('a shared secret that is the public key', () => signedWith(RSA.pem), withKeys)
refuses(
  'a shared secret that is the public key, under its own name',
  () => signedWith(RSA.pem, alice({}), { alg: 'RS256' }),
  withKeys,
)
refuses('a token of another key', () => signed(OTHER_RSA), withKeys)
refuses(
  'a token that brings its own key',
  () => signed(OTHER_RSA, alice({}), { jwk: OTHER_RSA.jwk }),
  withKeys,
)
refuses('a token of an algorithm without a key', () => signed(ED), withKeys)
refuses('a token without a signature', () => signedWith(SECRET).replace(/[^.]*$/, ''))
refuses('a token whose signature is cut off', () => signedWith(SECRET).slice(0, -4))
refuses(
  'a token of an elliptic curve whose signature is cut off',
  async () => (await signed(EC)).slice(0, -4),
  withKeys,
)
refuses('a token of RSA whose signature is cut off', async () => (await signed(RSA)).slice(0, -4), withKeys)
refuses(
  'a token of Ed25519 whose signature is cut off',
  async () => (await signed(ED)).slice(0, -4),
  jwt({ publicKey: ED.pem }),
)
refuses('a token with one dot', () => signedWith(SECRET).split('.').slice(0, 2).join('.'))
refuses('a token with three dots', () => `${signedWith(SECRET)}.`)
refuses('a token with a space before it', () => ` ${signedWith(SECRET)}`)
refuses('a token with padding', () => `${signedWith(SECRET)}=`)
refuses('a token with the claims of another', () => {
  const [header, , signature] = signedWith(SECRET).split('.')
  return `${header}.${encode(alice({ exp: now() + 9000 }))}.${signature}`
})
refuses('a token with an extension that must be understood', () =>
  signedWith(SECRET, alice({}), { alg: 'HS256', crit: ['http://example.org/x'], 'http://example.org/x': 1 }),
)
refuses('a token that is not encoded', () =>
  signedWith(SECRET, alice({}), { alg: 'HS256', b64: false, crit: ['b64'] }),
)
refuses('a token whose header is no JSON', () => signedWith(SECRET, alice({}), '{'))
refuses('a token whose header is a list', () => signedWith(SECRET, alice({}), '["HS256"]'))
refuses('a token whose claims are no JSON', () => signedWith(SECRET, '{'))
refuses('a token whose claims are a list', () => signedWith(SECRET, '[]'))
refuses('a token whose claims are null', () => signedWith(SECRET, 'null'))
refuses('an encrypted token', () =>
  new CompactEncrypt(Buffer.from(JSON.stringify(alice({}))))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(SECRET),
)
refuses('a token as large as a frame, of another secret', () =>
  signedWith('x', alice({ x: 'x'.repeat(48_000) })),
)
allows('a token as large as a frame', () => signedWith(SECRET, alice({ x: 'x'.repeat(48_000) })))

refuses('a token without an end', () => signedWith(SECRET, forEver))
refuses('a token whose end is a text', () => signedWith(SECRET, alice({ exp: String(now() + 300) })))
refuses('a token whose end is null', () => signedWith(SECRET, alice({ exp: null })))
refuses('a token whose end is beyond all numbers', () =>
  signedWith(SECRET, JSON.stringify(alice({})).replace(/"exp":\d+/, '"exp":1e999')),
)
refuses('a token whose beginning is a text', () => signedWith(SECRET, alice({ nbf: '0' })))
refuses('a token whose time of issue is a text', () => signedWith(SECRET, alice({ iat: 'now' })))
allows('a token whose beginning is 0', () => signedWith(SECRET, alice({ nbf: 0 })))
refuses('a token of another issuer', () => signedWith(SECRET, alice({ iss: `${ISSUER}/` })))
refuses('a token of no issuer', () => signedWith(SECRET, fromAnyone))
refuses('a token for another audience', () => signedWith(SECRET, alice({ aud: 'shop' })))
refuses('a token for no audience', () => signedWith(SECRET, forAll))
refuses('a token for a list of others', () => signedWith(SECRET, alice({ aud: ['shop', 'ejabber'] })))
allows('a token for a list with us', () => signedWith(SECRET, alice({ aud: ['shop', AUDIENCE] })))
allows(
  'a token of one of several issuers',
  () => signedWith(SECRET),
  jwt({ secret: SECRET, issuer: ['x', ISSUER] }),
)
allows(
  'a token for one of several audiences',
  () => signedWith(SECRET),
  jwt({ secret: SECRET, audience: ['x', AUDIENCE] }),
)
refuses('a token that is bound to a key', () => signedWith(SECRET, alice({ cnf: { jkt: 'x' } })))
allows('a token with a claim twice, the last of which is ours', () =>
  signedWith(SECRET, JSON.stringify(alice({})).replace('{', '{"sub":"bob",')),
)
refuses('a token with a claim twice, the first of which is ours', () =>
  signedWith(SECRET, JSON.stringify(alice({})).replace(/}$/, ',"sub":"bob"}')),
)

refuses('a token of somebody else', () => signedWith(SECRET, alice({ sub: 'bob' })))
refuses('a token of nobody', () => signedWith(SECRET, nobody))
for (const sub of [
  42,
  null,
  true,
  ['alice'],
  { toString: 'alice' },
  '',
  'alice ',
  'alice@example.org',
  '\uff41lice',
  'al\u00adice',
])
  refuses(`a token of the user ${JSON.stringify(sub)}`, () => signedWith(SECRET, alice({ sub })))
refuses(
  'a token of the user 42, who is called that',
  () => signedWith(SECRET, alice({ sub: 42 })),
  withSecret,
  '42',
)
allows('a token of the user in capitals', () => signedWith(SECRET, alice({ sub: 'ALICE' })))
allows(
  'a token of a user with an accent in capitals',
  () => signedWith(SECRET, alice({ sub: 'AM\u00c9LIE' })),
  withSecret,
  'am\u00e9lie',
)
// What ejabberd makes one name of may be two users at the issuer, one of whom has just registered.
for (const [title, sub, user] of [
  ['\u00df where ss is meant', 'je\u00dfica', 'jessica'],
  ['a capital \u00df where ss is meant', 'JE\u1e9eICA', 'jessica'],
  [
    'a final sigma where another is meant',
    '\u03bd\u03b9\u03ba\u03bf\u03c2',
    '\u03bd\u03b9\u03ba\u03bf\u03c3',
  ],
  ['an accent of its own where it is part of a character', 'ame\u0301lie', 'am\u00e9lie'],
  ['an accent of its own in capitals', 'AME\u0301LIE', 'am\u00e9lie'],
  ['the sign of Kelvin where a k is meant', '\u212aevin', 'kevin'],
  ['the sign of \u00c5ngstr\u00f6m where an \u00e5 is meant', '\u212bke', '\u00e5ke'],
  ['an \u0130 where an i is meant', '\u0130rene', 'irene'],
  ['an \u0130 where an i with another dot is meant', '\u0130rene', 'i\u0307rene'],
  ['a long s where an s is meant', 'je\u017f\u017fica', 'jessica'],
] as const)
  refuses(`a token with ${title}`, () => signedWith(SECRET, alice({ sub })), withSecret, user)

const by = (user: NonNullable<JwtOptions['user']>) => jwt({ secret: SECRET, user })
allows(
  'a token with the user in another claim',
  () => signedWith(SECRET, alice({ sub: 'x', name: 'alice' })),
  by('name'),
)
refuses('a token without the claim with the user', () => signedWith(SECRET), by('name'))
refuses('a token with nothing but a method of all objects', () => signedWith(SECRET), by('constructor'))
allows(
  'a token with the user in a claim that all objects have',
  () => signedWith(SECRET, JSON.stringify(alice({})).replace('{', '{"__proto__":"alice",')),
  by('__proto__'),
)

const byFunction = by(({ sub, name }) => (sub === name ? undefined : String(name).normalize('NFC')))
allows(
  'a token with the user whom a function finds in it',
  () => signedWith(SECRET, alice({ sub: 'x', name: 'ame\u0301lie' })),
  byFunction,
  'am\u00e9lie',
)
refuses(
  'a token with another user than a function finds in it',
  () => signedWith(SECRET, alice({ name: 'bob' })),
  byFunction,
)
refuses(
  'a token in which a function finds nobody',
  () => signedWith(SECRET, alice({ name: 'alice' })),
  byFunction,
)
for (const found of [null, true, 1, ['alice'], { name: 'alice' }, Promise.resolve('alice')])
  test(`a function that finds ${JSON.stringify(found)} has not said who it is`, async () => {
    const handlers = by((() => found) as unknown as () => string)
    await assert.rejects(auth(handlers, signedWith(SECRET)), {
      code: 'ERR_BACKEND',
      message: /^`user` returned a value of type \w+, neither a text nor undefined$/,
    })
  })
test('a function is asked only about tokens that are good', async () => {
  const handlers = by(() => assert.fail('it was asked'))
  assert.equal(await auth(handlers, signedWith('x'.repeat(32))), false)
  assert.equal(await auth(handlers, signedWith(SECRET, alice({ exp: 1 }))), false)
})

const byJid = jwt({ secret: SECRET, user: 'jid', userIs: 'jid' })
for (const [jid, allowed] of [
  ['alice@example.org', true],
  ['Alice@EXAMPLE.org', true],
  ['alice@example.net', false],
  ['alice@sub.example.org', false],
  ['alice@example.org/phone', false],
  ['alice', false],
  ['alice@', false],
  ['@example.org', false],
  ['bob@example.org', false],
  ['xmpp:alice@example.org', false],
] as const)
  (allowed ? allows : refuses)(`a token of the JID ${jid}`, () => signedWith(SECRET, alice({ jid })), byJid)

test('a token of a local part is good on every virtual host', async () => {
  assert.equal(await auth(withSecret, signedWith(SECRET), 'alice', 'example.net'), true)
})

const demanding = jwt({
  secret: SECRET,
  claims: { typ: 'Bearer', azp: ['web', 'app'], verified: true },
  scope: ['chat', 'openid'],
  requiredClaims: ['jti'],
})
const full = { typ: 'Bearer', azp: 'app', verified: true, scope: 'openid email chat', jti: 'x' }
allows('a token that meets all demands', () => signedWith(SECRET, alice(full)), demanding)
for (const [title, other] of [
  ['another value', { typ: 'ID' }],
  ['a value of another type', { verified: 'true' }],
  ['none of the values', { azp: 'shop' }],
  ['a claim missing', { azp: undefined }],
  ['a scope missing', { scope: 'openid chatter' }],
  ['no scope', { scope: undefined }],
  ['a required claim missing', { jti: undefined }],
] as const)
  refuses(`a token with ${title}`, () => signedWith(SECRET, alice({ ...full, ...other })), demanding)
allows(
  'a token with a list that holds the value',
  () => signedWith(SECRET, alice({ ...full, azp: ['shop', 'web'] })),
  demanding,
)

const accessTokens = jwt({ secret: SECRET, typ: 'at+jwt' })
allows(
  'a token of the type that is demanded',
  () => signedWith(SECRET, alice({}), { alg: 'HS256', typ: 'at+jwt' }),
  accessTokens,
)
refuses('a token of another type', () => signedWith(SECRET), accessTokens)

const NOON = 1_800_000_000
const at = (
  title: string,
  claims: Record<string, number>,
  expected: boolean,
  options: Partial<JwtOptions> = {},
) =>
  test(`at noon, a token ${title} is ${expected ? 'allowed' : 'refused'}`, async () => {
    mock.timers.enable({ apis: ['Date'], now: NOON * 1000 + 999 })
    try {
      const handlers = jwt({ secret: SECRET, ...options } as JwtOptions)
      assert.equal(
        await auth(handlers, signedWith(SECRET, { sub: 'alice', exp: NOON + 60, ...claims })),
        expected,
      )
    } finally {
      mock.timers.reset()
    }
  })

at('that ended 29 s ago', { exp: NOON - 29 }, true)
at('that ended 30 s ago', { exp: NOON - 30 }, false)
at('that ends in a second, without tolerance', { exp: NOON + 1 }, true, { clockTolerance: 0 })
at('that ends at noon, without tolerance', { exp: NOON }, false, { clockTolerance: 0 })
at('that begins in 30 s', { nbf: NOON + 30 }, true)
at('that begins in 31 s', { nbf: NOON + 31 }, false)
at('that begins at noon, without tolerance', { nbf: NOON }, true, { clockTolerance: 0 })
at('that was issued in 30 s', { iat: NOON + 30 }, true)
at('that was issued in 31 s', { iat: NOON + 31 }, false)
at('that is an hour old', { iat: NOON - 3600 }, true)
at('that is as old as it may be', { iat: NOON - 90 }, true, { maxTokenAge: 60 })
at('that is older than it may be', { iat: NOON - 91 }, false, { maxTokenAge: 60 })
at('of unknown age, where it may not be too old', {}, false, { maxTokenAge: 60 })

test('no change to a good token makes another good one', async () => {
  const token = signedWith(SECRET)
  const character = fc.constantFrom(...'ABCXYZabcxyz0189-_.+/= \n\u0000\u00e9')
  const place = fc.nat(token.length)
  const changed = fc.oneof(
    fc.tuple(place, character).map(([at, char]) => token.slice(0, at) + char + token.slice(at + 1)),
    fc.tuple(place, character).map(([at, char]) => token.slice(0, at) + char + token.slice(at)),
    fc
      .tuple(place, fc.integer({ min: 1, max: 9 }))
      .map(([at, cut]) => token.slice(0, at) + token.slice(at + cut)),
  )
  await fc.assert(
    fc.asyncProperty(changed, async (other) => {
      fc.pre(other !== token)
      assert.equal(await auth(withSecret, other), false)
    }),
    { numRuns: 2000 },
  )
})

test('nothing that looks like a token is good, or makes the backend fail', async () => {
  const json = fc.json().map(encode)
  const looks = fc.tuple(
    fc.oneof(json, fc.constant(encode({ alg: 'HS256' }))),
    json,
    fc.base64String().map(encode),
  )
  await fc.assert(
    fc.asyncProperty(looks, async (parts) => assert.equal(await auth(withSecret, parts.join('.')), false)),
    { numRuns: 1000 },
  )
})

test('a token is verified without a look at the signal', async () => {
  const request = Object.defineProperty(
    {
      operation: 'auth' as const,
      user: 'alice',
      server: 'example.org',
      password: signedWith(SECRET),
      signal: AbortSignal.abort(),
    },
    'signal',
    { get: () => assert.fail('the signal was made') },
  )
  assert.equal(await withSecret.auth?.(request), true)
})

test('isuser: nobody can know who exists without a token', () => {
  assert.throws(() => withSecret.isuser?.(named('isuser', 'alice')), { code: 'ERR_UNDECIDED' })
})
test('isuser: everybody exists, if that is wanted', async () => {
  assert.equal(await jwt({ secret: SECRET, isuser: 'everybody' }).isuser?.(named('isuser', 'x')), true)
})
test('isuser: somebody else may be asked', () => {
  assert.equal(jwt({ secret: SECRET, isuser: 'none' }).isuser, undefined)
})
