import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { COOLDOWN, GRACE_TIME, REFRESH } from '../../src/backends/jwt/key-set.ts'
import type { KeySetUrlOptions } from '../../src/backends/jwt/options.ts'
import { jwt } from '../../src/backends/jwt.ts'
import { clock } from '../../src/clock.ts'
import { settled } from '../helpers/turns.ts'
import { testBackend } from './contract.ts'
import { type Reply, startJsonServer } from './json-server.ts'
import {
  AUDIENCE,
  auth,
  claimsOfAlice,
  ecPair,
  encode,
  ISSUER,
  type Pair,
  rsaPair,
  signed,
  signedWith,
} from './jwt-support.ts'

const OLD = rsaPair('old')
const NEW = rsaPair('new')
const EC = ecPair('ec')
const STRANGER = rsaPair('stranger')
/** Keycloak publishes the key that it decrypts with, too. */
const ENCRYPTION = { ...rsaPair('enc').jwk, alg: 'RSA-OAEP', use: 'enc' }

const TOKEN = await signed(OLD)
const NEW_TOKEN = await signed(NEW)
const UNKNOWN = await signed(STRANGER)

/** A key server, and handlers that know its keys; the clock that counts their age is put forward by `later`. */
async function setUp(t: TestContext, options: Partial<KeySetUrlOptions> = {}, keys: Pair[] = [OLD]) {
  const now = clock.now.bind(clock)
  let ahead = 0
  t.mock.method(clock, 'now', () => now() + ahead)
  let reply: Reply = publish(...keys)
  const server = await startJsonServer(t, () => reply)
  const handlers = jwt({
    jwks: `${server.url}/certs`,
    issuer: ISSUER,
    audience: AUDIENCE,
    patience: 0,
    ...options,
  })
  t.after(() => handlers.close?.())
  return {
    ...server,
    handlers,
    later: (ms: number) => {
      ahead += ms
    },
    answer: (other: Reply) => {
      reply = other
    },
    publish: (...others: Pair[]) => {
      reply = publish(...others)
    },
    /** Waits until a question has been answered, and the answer read. */
    async refreshed() {
      await server.answered()
      await settled(50)
    },
  }
}

function publish(...pairs: Pair[]): Reply {
  return { body: { keys: [ENCRYPTION, ...pairs.map((pair) => pair.jwk)] } }
}

testBackend({
  name: 'jwt',
  operations: ['auth'],
  password: TOKEN,
  wrongPassword: UNKNOWN,
  setUp: async (t) => {
    const { gate, later, handlers, refreshed } = await setUp(t, { isuser: 'none' })
    return {
      handlers,
      stop: async () => {
        await gate.shut()
        later(REFRESH + GRACE_TIME)
      },
      restart: async () => {
        await Promise.all([refreshed(), gate.open()])
      },
      stall: () => {
        gate.stall()
        later(REFRESH + GRACE_TIME)
      },
    }
  },
})

test('the keys are fetched before anybody logs in, and once', async (t) => {
  const { asked, handlers, refreshed } = await setUp(t)
  await refreshed()
  for (let login = 0; login < 9; login++) assert.equal(await auth(handlers, TOKEN), true)
  assert.deepEqual(
    asked.map(({ method, path }) => `${method} ${path}`),
    ['GET /certs'],
  )
})

test('logins at the same time wait for one answer', async (t) => {
  const { asked, handlers } = await setUp(t)
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => auth(handlers, TOKEN))), [true, true, true])
  assert.equal(asked.length, 1)
})

test('what is no token asks nobody', async (t) => {
  const { asked, handlers, refreshed, later } = await setUp(t)
  await refreshed()
  later(REFRESH + GRACE_TIME)
  const none = await signed({ ...STRANGER, alg: 'RS512' })
  for (const password of ['pa:ss', 'a.b.c', '', none]) assert.equal(await auth(handlers, password), false)
  assert.equal(asked.length, 1)
})

test('a token without the name of a key is held against all that fit', async (t) => {
  const { handlers } = await setUp(t, {}, [OLD, NEW, EC])
  for (const pair of [OLD, NEW, EC])
    assert.equal(await auth(handlers, await signed(pair, claimsOfAlice(), { kid: undefined })), true)
  assert.equal(await auth(handlers, await signed(STRANGER, claimsOfAlice(), { kid: undefined })), false)
})

for (const kid of ['enc', 'ec', '', 5, null, ['old'], { old: 1 }])
  test(`a token that names the key ${JSON.stringify(kid)} is refused`, async (t) => {
    const { handlers } = await setUp(t, {}, [OLD, EC])
    assert.equal(await auth(handlers, TOKEN), true)
    const input = `${encode({ alg: 'RS256', kid })}.${encode(claimsOfAlice())}`
    const token = `${input}.${sign('sha256', Buffer.from(input), OLD.privateKey).toString('base64url')}`
    assert.equal(await auth(handlers, token), false)
  })

test('a new key is fetched when the first token of it comes', async (t) => {
  const { asked, handlers, later, publish } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  publish(OLD, NEW)
  later(COOLDOWN)
  assert.equal(await auth(handlers, NEW_TOKEN), true)
  assert.equal(await auth(handlers, TOKEN), true)
  assert.equal(asked.length, 2)
})

test('a key that is published no more is refused from then on', async (t) => {
  const { handlers, later, publish } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  publish(NEW)
  later(COOLDOWN)
  assert.equal(await auth(handlers, NEW_TOKEN), true)
  assert.equal(await auth(handlers, TOKEN), false)
})

test('another key under the old name is another key', async (t) => {
  const { handlers, later, publish } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  publish({ ...NEW, jwk: { ...NEW.jwk, kid: 'old' } })
  later(COOLDOWN)
  assert.equal(await auth(handlers, UNKNOWN), false)
  assert.equal(await auth(handlers, TOKEN), false)
})

test('tokens of unknown keys ask the key server once in a while', async (t) => {
  const { asked, handlers, later } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  for (let token = 0; token < 9; token++) assert.equal(await auth(handlers, UNKNOWN), false)
  assert.equal(asked.length, 1)
  later(COOLDOWN - 1000)
  assert.equal(await auth(handlers, UNKNOWN), false)
  assert.equal(asked.length, 1)
  later(1000)
  for (let token = 0; token < 9; token++) assert.equal(await auth(handlers, UNKNOWN), false)
  assert.equal(asked.length, 2)
})

test('while the key server is away, the keys are in use until the grace time is over', async (t) => {
  const { gate, handlers, later } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  await gate.shut()
  later(REFRESH + GRACE_TIME - 5000)
  assert.equal(await auth(handlers, TOKEN), true)
  assert.equal(await auth(handlers, TOKEN, 'bob'), false)
  later(5000)
  await assert.rejects(auth(handlers, TOKEN), { code: 'ERR_UNAVAILABLE' })
})

test('without a grace time, the keys are in use until they should have been fetched again', async (t) => {
  const { gate, handlers, later } = await setUp(t, { graceTime: 0 })
  assert.equal(await auth(handlers, TOKEN), true)
  await gate.shut()
  later(REFRESH - 5000)
  assert.equal(await auth(handlers, TOKEN), true)
  later(5000)
  await assert.rejects(auth(handlers, TOKEN), { code: 'ERR_UNAVAILABLE' })
})

test('while the key server is away, a token of an unknown key is not refused', async (t) => {
  const { gate, handlers, later } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  await gate.shut()
  later(COOLDOWN)
  await assert.rejects(auth(handlers, NEW_TOKEN), { code: 'ERR_UNAVAILABLE' })
  assert.equal(await auth(handlers, TOKEN), true)
})

test('a key server that was away at the start is asked again, without anybody asking', async (t) => {
  const { gate, handlers, later, publish, refreshed } = await setUp(t)
  await gate.shut()
  await assert.rejects(auth(handlers, TOKEN), { code: 'ERR_UNAVAILABLE' })
  await Promise.all([refreshed(), gate.open()])
  assert.equal(await auth(handlers, TOKEN), true)
  publish(NEW)
  later(COOLDOWN)
  assert.equal(await auth(handlers, NEW_TOKEN), true)
})

test('a login that meets a key server that is away for a moment is answered when it is back', async (t) => {
  const { gate, handlers } = await setUp(t, { patience: 60_000 })
  await gate.shut()
  const answer = auth(handlers, TOKEN)
  await settled()
  await gate.open()
  assert.equal(await answer, true)
})

test('in a long outage nobody waits for a key server that does not answer', async (t) => {
  const { gate, handlers, later, asked } = await setUp(t)
  assert.equal(await auth(handlers, TOKEN), true)
  await gate.shut()
  later(REFRESH + GRACE_TIME)
  await assert.rejects(auth(handlers, TOKEN), { code: 'ERR_UNAVAILABLE' })
  gate.stall()
  await gate.open()
  await assert.rejects(auth(handlers, TOKEN), { code: 'ERR_UNAVAILABLE' })
  assert.equal(asked.length, 1)
})

const unusable = (title: string, reply: Reply, code: string) => {
  test(`a key server that answers with ${title} refuses nobody`, async (t) => {
    const { answer, handlers, later } = await setUp(t)
    assert.equal(await auth(handlers, TOKEN), true)
    answer(reply)
    later(COOLDOWN)
    await assert.rejects(auth(handlers, NEW_TOKEN), { code })
    assert.equal(await auth(handlers, TOKEN), true, 'the last good keys are in use')
    later(REFRESH + GRACE_TIME)
    await assert.rejects(auth(handlers, TOKEN), { code })
  })
}

unusable('an error', { status: 500, body: publish(NEW).body }, 'ERR_UNAVAILABLE')
unusable('a timeout', { status: 408 }, 'ERR_UNAVAILABLE')
unusable('too many requests', { status: 429 }, 'ERR_UNAVAILABLE')
unusable('not found', { status: 404, body: publish(NEW).body }, 'ERR_BACKEND')
unusable('nothing', { status: 204 }, 'ERR_BACKEND')
unusable(
  'a redirect',
  { status: 302, headers: { location: '/certs' }, body: publish(NEW).body },
  'ERR_BACKEND',
)
unusable('a page', { body: '<html>' }, 'ERR_BACKEND')
unusable('no keys', { body: { keys: [] } }, 'ERR_BACKEND')
unusable('no list', { body: { keys: NEW.jwk } }, 'ERR_BACKEND')
unusable('a list of texts', { body: { keys: ['new'] } }, 'ERR_BACKEND')
unusable(
  'more than anybody needs',
  { body: { ...(publish(NEW).body as object), x: 'x'.repeat(64 * 1024) } },
  'ERR_BACKEND',
)

const unreadable = (title: string, jwk: Record<string, unknown>) =>
  test(`a set with ${title} refuses nobody, and serves with its other keys`, async (t) => {
    const { answer, handlers } = await setUp(t)
    answer({ body: { keys: [OLD.jwk, jwk] } })
    await assert.rejects(auth(handlers, NEW_TOKEN), { code: 'ERR_BACKEND' })
    assert.equal(await auth(handlers, TOKEN), true)
  })

unreadable('a key that cannot be read', { ...NEW.jwk, n: '!' })
unreadable('a private key', { ...NEW.jwk, ...NEW.privateKey.export({ format: 'jwk' }) })

test('a shared secret that is published is not one', async (t) => {
  const { answer, handlers } = await setUp(t)
  const k = Buffer.from('x'.repeat(32)).toString('base64url')
  answer({ body: { keys: [{ kty: 'oct', kid: 'old', alg: 'HS256', k }, OLD.jwk] } })
  const token = signedWith('x'.repeat(32), claimsOfAlice(), { alg: 'HS256', kid: 'old' })
  assert.equal(await auth(handlers, token), false)
})

test('errors say from which host the keys should have come, and no more of the address', async (t) => {
  const { gate, url } = await setUp(t)
  await gate.shut()
  const handlers = jwt({ jwks: `${url}/hidden/certs?key=hidden`, patience: 0 })
  await assert.rejects(auth(handlers, TOKEN), (error: Error) => {
    assert.ok(error.message.startsWith(`the key server (GET ${url}/...) failed: `), error.message)
    assert.ok(!error.message.includes('hidden'))
    return true
  })
  await handlers.close?.()
})

test('a key server that does not answer is given up after five seconds', async (t) => {
  const { gate, url } = await setUp(t)
  gate.stall()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const handlers = jwt({ jwks: `${url}/certs`, patience: 0 })
  const answer = auth(handlers, TOKEN)
  await settled()
  t.mock.timers.tick(4999)
  await settled()
  assert.equal(await Promise.race([answer, 'still waiting']), 'still waiting')
  t.mock.timers.tick(1)
  await assert.rejects(answer, {
    code: 'ERR_UNAVAILABLE',
    message: 'the key server did not answer within 5000 ms',
  })
  await handlers.close?.()
})

test('handlers that are closed ask nobody any more, and may be closed again', async (t) => {
  const { gate, handlers, asked } = await setUp(t)
  gate.stall()
  const answer = auth(handlers, TOKEN)
  await settled()
  await handlers.close?.()
  await handlers.close?.()
  await assert.rejects(answer, { code: 'ERR_UNAVAILABLE', message: 'the keys were closed' })
  await gate.open()
  assert.equal(asked.length, 0)
})
