import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Introspection, OAuthOptions } from '../../src/backends/oauth.ts'
import { oauth } from '../../src/backends/oauth.ts'
import { named, testBackend } from './contract.ts'
import { type Asked, type Reply, startJsonServer } from './json-server.ts'
import { auth, now } from './jwt-support.ts'

const TOKEN = 'mF_9.B5f-4.1JqM~+/=='
const CLIENT_SECRET = 's3cr\u00e9t:+ &'
const CLIENT = { clientId: 'chat:1', clientSecret: CLIENT_SECRET }

/** An issuer that gives one answer to all questions, and handlers that ask it. */
async function setUp(
  t: TestContext,
  kind: 'introspection' | 'userinfo',
  answer: (asked: Asked) => Reply,
  options: Record<string, unknown> = {},
) {
  const server = await startJsonServer(t, answer)
  const url = `${server.url}/ask?realm=chat`
  const endpoint = kind === 'userinfo' ? { url } : { url, ...CLIENT, ...(options['client'] as object) }
  const { client: _client, ...others } = options
  const handlers = oauth({
    [kind]: endpoint,
    user: 'username',
    patience: 0,
    ...others,
  } as unknown as OAuthOptions)
  t.after(() => handlers.close?.())
  return { ...server, handlers }
}

const ALICE = { active: true, username: 'alice' }
const tokenOf = ({ body }: Asked) => new URLSearchParams(body).get('token')
const bearerOf = ({ headers }: Asked) => String(headers['authorization']).replace('Bearer ', '')

for (const kind of ['introspection', 'userinfo'] as const) {
  testBackend({
    name: `oauth by ${kind}`,
    operations: ['auth'],
    password: TOKEN,
    setUp: async (t) => {
      const answer = (asked: Asked): Reply =>
        kind === 'introspection'
          ? { body: tokenOf(asked) === TOKEN ? ALICE : { active: false } }
          : bearerOf(asked) === TOKEN
            ? { body: { sub: '1', username: 'alice' } }
            : { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
      const { gate, handlers } = await setUp(t, kind, answer, { isuser: 'none' })
      return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
    },
  })
}

test('introspection is asked as in RFC 7662: the token in the body, the client in the header', async (t) => {
  const { asked, handlers } = await setUp(t, 'introspection', () => ({ body: ALICE }))
  assert.equal(await auth(handlers, TOKEN), true)
  const [{ method, path, headers, body } = assert.fail()] = asked
  assert.equal(`${method} ${path}`, 'POST /ask?realm=chat')
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(headers['accept'], 'application/json')
  assert.deepEqual(
    [...new URLSearchParams(body)],
    [
      ['token', TOKEN],
      ['token_type_hint', 'access_token'],
    ],
  )
  // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
  const credentials = Buffer.from('chat%3A1:s3cr%C3%A9t%3A%2B+%26').toString('base64')
  assert.equal(headers['authorization'], `Basic ${credentials}`)
})

test('introspection with the client in the body', async (t) => {
  const client: Partial<Introspection> = { clientAuth: 'post' }
  const { asked, handlers } = await setUp(t, 'introspection', () => ({ body: ALICE }), { client })
  assert.equal(await auth(handlers, TOKEN), true)
  const [{ headers, body } = assert.fail()] = asked
  assert.equal(headers['authorization'], undefined)
  const fields = new URLSearchParams(body)
  assert.deepEqual([fields.get('client_id'), fields.get('client_secret')], ['chat:1', CLIENT_SECRET])
})

test('userinfo is asked as in RFC 6750', async (t) => {
  const { asked, handlers } = await setUp(t, 'userinfo', () => ({ body: { username: 'alice' } }))
  assert.equal(await auth(handlers, TOKEN), true)
  assert.deepEqual(
    asked.map(({ method, headers }) => [method, headers['authorization']]),
    [['GET', `Bearer ${TOKEN}`]],
  )
})

for (const kind of ['introspection', 'userinfo'] as const)
  for (const password of [
    'pa ss',
    'caf\u00e9',
    'a\nb',
    'a\r\nX-Admin: 1',
    '\u0000',
    '\u007f',
    'x\u{1f600}',
    '',
  ])
    test(`${kind}: ${JSON.stringify(password)} can be no token, and goes nowhere`, async (t) => {
      const { asked, handlers } = await setUp(t, kind, () => ({ body: ALICE }))
      assert.equal(await auth(handlers, password), false)
      assert.equal(asked.length, 0)
    })

const judged = (
  kind: 'introspection' | 'userinfo',
  title: string,
  reply: Reply,
  expected: boolean | string,
  options: Record<string, unknown> = {},
) =>
  test(`${kind}: ${title} is ${typeof expected === 'string' ? expected : expected ? 'allowed' : 'refused'}`, async (t) => {
    const { handlers } = await setUp(t, kind, () => reply, options)
    if (typeof expected === 'boolean') assert.equal(await auth(handlers, TOKEN), expected)
    else await assert.rejects(auth(handlers, TOKEN), { code: expected })
  })
const introspected = (title: string, body: unknown, expected: boolean | string, options = {}) =>
  judged('introspection', title, { body }, expected, options)

// RFC 7662, section 2.2: the answer of the example.
const RFC_7662 = {
  active: true,
  client_id: 'l238j323ds-23ij4',
  username: 'jdoe',
  scope: 'read write dolphin',
  sub: 'Z5O3upPC88QrAjx00dis',
  aud: 'https://protected.example.net/resource',
  iss: 'https://server.example.com/',
  exp: 1419356238,
  iat: 1419350238,
  extension_field: 'twenty-seven',
}
const later = { exp: now() + 60, iat: now() }
introspected('the example of RFC 7662, which has expired', { ...RFC_7662, username: 'alice' }, false)
introspected('the example of RFC 7662, of somebody else', { ...RFC_7662, ...later }, false)
introspected('the example of RFC 7662, of the user', { ...RFC_7662, ...later, username: 'alice' }, true, {
  issuer: 'https://server.example.com/',
  audience: 'https://protected.example.net/resource',
  scope: ['read', 'dolphin'],
  claims: { client_id: ['x', 'l238j323ds-23ij4'] },
})

// What a Keycloak answered, as shown on its mailing list (keycloak-user, January 2017, "OAuth token introspection");
// the user has another name here, and the times are of today.
const KEYCLOAK = {
  jti: '7e0a2c4b-9725-432b-a0fd-594f21686108',
  ...later,
  nbf: 0,
  iss: 'http://localhost:8080/auth/realms/chat',
  aud: 'proxy',
  sub: 'e89175d5-94fd-453a-8abb-9953d59d04cf',
  typ: 'Bearer',
  azp: 'proxy',
  session_state: 'c05ea410-6f0a-458d-9b2c-debafba732b7',
  name: '',
  preferred_username: 'alice',
  'allowed-origins': [],
  realm_access: { roles: ['uma_authorization'] },
  client_id: 'proxy',
  username: 'alice',
  active: true,
}
const ofKeycloak = { issuer: KEYCLOAK.iss, audience: 'proxy', claims: { typ: 'Bearer' } }
introspected('the answer of Keycloak', KEYCLOAK, true, ofKeycloak)
introspected('the answer of Keycloak, by another claim', KEYCLOAK, true, { user: 'preferred_username' })
introspected('the answer of Keycloak, by the number of the user', KEYCLOAK, false, { user: 'sub' })
introspected('the answer of Keycloak to a refresh token', { ...KEYCLOAK, typ: 'Refresh' }, false, ofKeycloak)
// What Keycloak 26 adds to the claims of a token (`AccessTokenIntrospectionProvider`): `client_id`, `username`,
// `token_type` and `active`. Its Securing Applications guide, "Introspection endpoint", refers to RFC 7662.
const KEYCLOAK_26 = {
  ...later,
  jti: '319cf707-0721-4bed-af9f-b7b468193255',
  iss: 'http://localhost:8080/realms/chat',
  aud: ['ejabberd', 'account'],
  sub: '838d3785-4aeb-4923-b272-3972e6723453',
  typ: 'Bearer',
  azp: 'web',
  sid: '3d936071-15e4-40df-9bc5-a97a1a7b2364',
  acr: '1',
  'allowed-origins': ['/*'],
  realm_access: { roles: ['default-roles-chat', 'offline_access', 'uma_authorization'] },
  resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
  scope: 'openid email profile',
  email_verified: false,
  preferred_username: 'alice',
  client_id: 'web',
  username: 'alice',
  token_type: 'Bearer',
  active: true,
}
const ofKeycloak26 = {
  issuer: KEYCLOAK_26.iss,
  audience: 'ejabberd',
  scope: 'openid',
  claims: { typ: 'Bearer', azp: ['web', 'app'] },
}
introspected('the answer of Keycloak 26', KEYCLOAK_26, true, ofKeycloak26)
introspected('the answer of Keycloak 26 for another audience', KEYCLOAK_26, false, {
  ...ofKeycloak26,
  audience: 'shop',
})
introspected(
  'the answer of Keycloak 26 to a token that is bound to a key',
  { ...KEYCLOAK_26, cnf: { jkt: 'x' } },
  false,
)
// Keycloak's Upgrading Guide, 26.6.2, "Token introspection now validates audience claim".
introspected(
  'the answer of Keycloak 26.6.2 to a client that is not in the audience',
  { active: false },
  false,
)
judged(
  'introspection',
  'the answer of Keycloak to a client with another secret',
  {
    status: 401,
    body: { error: 'invalid_client', error_description: 'Invalid client or Invalid client credentials' },
  },
  'ERR_BACKEND',
)
judged(
  'introspection',
  'the answer of Keycloak to a client without a secret',
  { status: 403, body: { error: 'invalid_request', error_description: 'Client not allowed.' } },
  'ERR_BACKEND',
)

// Keycloak's Authorization Services Guide, "Obtaining Information about an RPT": no user, and an end in the past.
const RPT = {
  permissions: [
    { resource_id: '90ccc6fc-b296-4cd1-881e-089e1ee15957', resource_name: 'Hello World Resource' },
  ],
  exp: 1465314139,
  nbf: 0,
  iat: 1465313839,
  aud: 'hello-world-authz-service',
  active: true,
}
introspected('the answer of Keycloak to a token without a user', { ...RPT, ...later }, false)
// The same section: "If the RPT is not active, this response is returned instead".
introspected('the answer of Keycloak to a token that is none', { active: false }, false)

introspected('a token that is not active, whatever else is said', { ...ALICE, active: false }, false)
for (const active of ['true', 1, null, undefined, 'false'])
  introspected(`an answer with active ${JSON.stringify(active)}`, { ...ALICE, active }, 'ERR_BACKEND')
for (const name of ['exp', 'nbf', 'iat'])
  for (const time of [String(now()), null, true])
    introspected(`an answer with ${name} ${JSON.stringify(time)}`, { ...ALICE, [name]: time }, 'ERR_BACKEND')
introspected('a list', [ALICE], 'ERR_BACKEND')
introspected('true', true, 'ERR_BACKEND')
introspected('an empty answer', '', 'ERR_BACKEND')
introspected('a token', 'eyJhbGciOiJSUzI1NiJ9.e30.AA', 'ERR_BACKEND')
introspected('another issuer', { ...ALICE, iss: 'x' }, false, { issuer: 'y' })
introspected('another audience', { ...ALICE, aud: ['x', 'z'] }, false, { audience: 'y' })
introspected('no scope', ALICE, false, { scope: 'chat' })
introspected('a JID of this host', { ...ALICE, jid: 'Alice@example.org' }, true, {
  user: 'jid',
  userIs: 'jid',
})
introspected('a JID of another host', { ...ALICE, jid: 'alice@example.net' }, false, {
  user: 'jid',
  userIs: 'jid',
})
introspected('a token that is too old', { ...ALICE, iat: now() - 300 }, false, { maxTokenAge: 60 })

const NOON = 1_800_000_000
for (const [title, times, expected] of [
  ['that ended 29 s ago', { exp: NOON - 29 }, true],
  ['that ended 30 s ago', { exp: NOON - 30 }, false],
  ['that begins in 30 s', { nbf: NOON + 30 }, true],
  ['that begins in 31 s', { nbf: NOON + 31 }, false],
  ['that was issued in 30 s', { iat: NOON + 30 }, true],
  ['that was issued in 31 s', { iat: NOON + 31 }, false],
] as const)
  test(`introspection: at noon, a token ${title} is ${expected ? 'allowed' : 'refused'}`, async (t) => {
    const { handlers } = await setUp(t, 'introspection', () => ({ body: { ...ALICE, ...times } }))
    t.mock.timers.enable({ apis: ['Date'], now: NOON * 1000 + 999 })
    assert.equal(await auth(handlers, TOKEN), expected)
  })

for (const [status, expected] of [
  [201, 'ERR_BACKEND'],
  [204, 'ERR_BACKEND'],
  [301, 'ERR_BACKEND'],
  [307, 'ERR_BACKEND'],
  [400, 'ERR_BACKEND'],
  [404, 'ERR_BACKEND'],
  [408, 'ERR_UNAVAILABLE'],
  [429, 'ERR_UNAVAILABLE'],
  [500, 'ERR_UNAVAILABLE'],
  [503, 'ERR_UNAVAILABLE'],
] as const) {
  const headers = { location: '/elsewhere' }
  judged(
    'introspection',
    `an answer with status ${status}`,
    { status, headers, body: status === 204 ? '' : ALICE },
    expected,
  )
  judged(
    'userinfo',
    `an answer with status ${status}`,
    { status, headers, body: status === 204 ? '' : ALICE },
    expected,
  )
}
for (const status of [401, 403]) {
  judged('introspection', `a client that is not known (${status})`, { status, body: ALICE }, 'ERR_BACKEND')
  judged('userinfo', `an answer with status ${status}`, { status, body: ALICE }, false)
}

// OpenID Connect Core 1.0, section 5.3.2: the answer of the example, of another user.
const OIDC = { sub: '248289761001', name: 'Alice', preferred_username: 'alice', email: 'alice@example.org' }
judged('userinfo', 'the example of OpenID Connect', { body: OIDC }, true, { user: 'preferred_username' })
judged('userinfo', 'the example of OpenID Connect, by address', { body: OIDC }, true, {
  user: 'email',
  userIs: 'jid',
})
judged('userinfo', 'a user without the claim', { body: OIDC }, false)
judged('userinfo', 'a claim that is not as demanded', { body: OIDC }, false, {
  user: 'preferred_username',
  claims: { email_verified: true },
})
judged('userinfo', 'an answer that is signed', { body: 'eyJhbGciOiJSUzI1NiJ9.e30.AA' }, 'ERR_BACKEND')

/** An answer of Keycloak as in RFC 6750, section 3.1: all is said in one header. */
const challenge = (status: number, error: string, description: string): Reply => ({
  status,
  headers: {
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'content-type': 'text/plain;charset=utf-8',
    'www-authenticate': `Bearer realm="chat", error="${error}", error_description="${description}"`,
  },
})
// Keycloak's Upgrading Guide, 19.0.2, "UserInfo Endpoint Changes", has these statuses and headers.
judged(
  'userinfo',
  'the answer of Keycloak to a token that is none, or has ended',
  challenge(401, 'invalid_token', 'Token verification failed'),
  false,
)
judged(
  'userinfo',
  'the answer of Keycloak to a token without the scope openid',
  challenge(403, 'insufficient_scope', 'Missing openid scope'),
  false,
)
judged(
  'userinfo',
  'the answer of Keycloak to a request that it does not understand',
  challenge(400, 'invalid_request', '...'),
  'ERR_BACKEND',
)
// Keycloak's Upgrading Guide, 26.6.2, "UserInfo endpoint rejects lightweight access tokens".
judged(
  'userinfo',
  'the answer of Keycloak 26.6.2 to a lightweight token',
  challenge(401, 'invalid_token', 'Lightweight access token not allowed for userinfo endpoint'),
  false,
)
judged(
  'userinfo',
  'the answer of Keycloak before 19.0.2, which says it in the body',
  { status: 401, body: { error: 'invalid_token', error_description: 'Token invalid: Token is not active' } },
  false,
)

const padded = (length: number) => {
  const empty = JSON.stringify({ ...ALICE, x: '' })
  return JSON.stringify({ ...ALICE, x: 'x'.repeat(length - empty.length) })
}
introspected('an answer of 65536 bytes', padded(65_536), true)
introspected('an answer of 65537 bytes', padded(65_537), 'ERR_BACKEND')

test('a redirect is not followed, not even to the same server', async (t) => {
  const { asked, handlers } = await setUp(t, 'userinfo', () => ({
    status: 302,
    headers: { location: '/ask' },
  }))
  await assert.rejects(auth(handlers, TOKEN), {
    code: 'ERR_BACKEND',
    message:
      /^the userinfo endpoint \(GET http:\/\/127\.0\.0\.1:\d+\/\.\.\.\) answered 302: a redirect, which is not followed$/,
  })
  assert.equal(asked.length, 1)
})

test('an issuer that is away for a moment is asked again', async (t) => {
  let questions = 0
  const answer = () => (++questions === 1 ? { status: 503 } : { body: ALICE })
  const { handlers } = await setUp(t, 'introspection', answer, { patience: 60_000 })
  assert.equal(await auth(handlers, TOKEN), true)
})

for (const kind of ['introspection', 'userinfo'] as const)
  for (const [status, headers] of [
    [429, {}],
    [429, { 'retry-after': '1' }],
    [503, { 'retry-after': '60' }],
  ] as const)
    test(`${kind}: ${status} ${JSON.stringify(headers)} fails at once, and the issuer is not asked again`, async (t) => {
      const { asked, handlers } = await setUp(t, kind, () => ({ status, headers }), { patience: 1000 })
      await assert.rejects(auth(handlers, TOKEN), { code: 'ERR_UNAVAILABLE' })
      assert.equal(asked.length, 1)
    })

test('a request that is aborted ends with the reason of that', async (t) => {
  const { gate, handlers } = await setUp(t, 'introspection', () => ({ body: ALICE }))
  gate.stall()
  const controller = new AbortController()
  const answer = auth(handlers, TOKEN, 'alice', 'example.org', controller.signal)
  controller.abort(new Error('the deadline'))
  await assert.rejects(answer, { message: 'the deadline' })
})

test('no error quotes the token, the secret of the client, an answer, or more of the address than its host', async (t) => {
  const replies: Reply[] = [
    { status: 401, body: `${TOKEN} ${CLIENT_SECRET}` },
    { status: 302, headers: { location: `/?token=${encodeURIComponent(TOKEN)}` } },
    { body: `${TOKEN} ${CLIENT_SECRET}` },
    { body: { active: TOKEN } },
    { status: 503, body: TOKEN },
  ]
  let reply: Reply = {}
  const { gate, handlers } = await setUp(t, 'introspection', () => reply)
  const check = (error: Error) => {
    const text = `${error.message}${error.stack}`
    for (const secret of [TOKEN, 'mF_9', CLIENT_SECRET, 's3cr', 'realm=chat', '/ask'])
      assert.ok(!text.includes(secret), text)
    return true
  }
  for (reply of replies) await assert.rejects(auth(handlers, TOKEN), check)
  await gate.shut()
  await assert.rejects(auth(handlers, TOKEN), check)
})

const somewhere = { url: 'https://id.example.org/introspect', ...CLIENT }

test('isuser as with jwt', async () => {
  const asked = named('isuser', 'alice')
  assert.throws(() => oauth({ introspection: somewhere }).isuser?.(asked), { code: 'ERR_UNDECIDED' })
  assert.equal(await oauth({ introspection: somewhere, isuser: 'everybody' }).isuser?.(asked), true)
  assert.equal(oauth({ introspection: somewhere, isuser: 'none' }).isuser, undefined)
})

const misuse = (title: string, options: unknown, message: string) =>
  test(`${title} is a TypeError`, () => {
    assert.throws(() => oauth(options as OAuthOptions), { name: 'TypeError', message })
  })

misuse('nothing', undefined, 'Expected the options of oauth to be an object, got nothing')
misuse('neither endpoint', {}, 'Expected oauth to be given either `introspection` or `userinfo`, got neither')
misuse(
  'both endpoints',
  { introspection: somewhere, userinfo: { url: somewhere.url } },
  'Expected oauth to be given either `introspection` or `userinfo`, got both',
)
misuse(
  'a slip',
  { introspection: somewhere, uses: 'username' },
  'oauth has no option `uses`: did you mean user?',
)
misuse(
  'an address that is none',
  { introspection: { ...somewhere, url: 'id.example.org' } },
  'Expected `url` of introspection of oauth to be a URL that begins with https:// or http://, without a password in it, got a text of 14 characters',
)
misuse(
  'an address on another host without encryption',
  { userinfo: { url: 'http://id.example.org/userinfo' } },
  'Expected `url` of userinfo of oauth to be an https:// URL, as what is said to id.example.org would go there unencrypted (or `insecure: true`, if that is what you want), got `http://id.example.org` (string)',
)
misuse(
  'introspection on another host without encryption',
  { introspection: { ...somewhere, url: 'http://id.example.org/introspect' } },
  'Expected `url` of introspection of oauth to be an https:// URL, as what is said to id.example.org would go there unencrypted (or `insecure: true`, if that is what you want), got `http://id.example.org` (string)',
)
misuse(
  'a client without a secret',
  { introspection: { ...somewhere, clientSecret: undefined } },
  'Expected `clientSecret` of introspection of oauth to be a text, got nothing',
)
misuse(
  'a way to authenticate that is none',
  { introspection: { ...somewhere, clientAuth: 'jwt' } },
  'Expected `clientAuth` of introspection of oauth to be one of basic, post, got `jwt` (string)',
)
misuse(
  'a secret for userinfo',
  { userinfo: { url: somewhere.url, clientSecret: 'hidden' } },
  'userinfo of oauth has no option `clientSecret`: expected one of url',
)
misuse(
  'an audience with userinfo, which does not tell it',
  { userinfo: { url: somewhere.url }, audience: 'chat' },
  'oauth has no option `audience`: expected one of user userIs claims isuser patience introspection userinfo insecure',
)
