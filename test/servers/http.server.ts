import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type HttpOptions, http } from '../../src/backends/http.ts'
import { PASSWORD, testBackend } from '../backends/contract.ts'
import { ask, failureOf, OPERATIONS } from '../backends/http-support.ts'
import { Gate } from '../helpers/gate.ts'
import {
  CREDENTIALS,
  connect,
  ORIGIN,
  plain,
  SECURE,
  startFront,
  startService,
  tls,
  wrongAuthority,
  wrongHost,
} from './support/http-front.ts'
import type { Nginx } from './support/nginx.ts'

let nginx: Nginx
let ca: string
before(async () => {
  const front = await startFront()
  nginx = front.nginx
  ca = front.ca
})
after(() => nginx?.dispose())

testBackend({
  name: 'http behind nginx, which wants credentials, and answers 502 while the service is away',
  operations: ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'],
  setUp: async (t) => {
    const { gate } = await startService(t)
    const handlers = connect(t, { url: `${ORIGIN}/guarded/form/`, credentials: CREDENTIALS })
    return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
  },
})

testBackend({
  name: 'http, api json, behind nginx with TLS, which is stopped and started',
  operations: OPERATIONS,
  setUp: async (t) => {
    const { gate } = await startService(t)
    const handlers = connect(t, {
      api: 'json',
      url: `${SECURE}/json/{operation}`,
      operations: OPERATIONS,
      ca,
    })
    return {
      handlers,
      stop: () => nginx.daemon.stop(),
      restart: async () => {
        await gate.open()
        if (nginx.daemon.pid === undefined) await nginx.daemon.start()
      },
      stall: () => gate.stall(),
    }
  },
})

testBackend({
  name: "http, api basic, against nginx's own users",
  operations: ['auth'],
  setUp: async (t) => {
    const gate = new Gate(tls)
    await gate.open()
    t.after(() => gate.shut())
    const handlers = connect(t, { api: 'basic', url: `https://127.0.0.1:${gate.port}/private/`, ca })
    return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
  },
})

test("a password that only begins like the right one, for nginx's crypt(3), is refused", async (t) => {
  const handlers = connect(t, { api: 'basic', url: `${ORIGIN}/private/` })
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(await ask(handlers, 'auth', 'alice', `${PASSWORD}\u0000`), false)
  assert.equal(await ask(handlers, 'auth', 'alice', `${PASSWORD}\u0000x`), false)
})

const fails = (title: string, options: HttpOptions, code: string, message: RegExp) =>
  test(`${title} fails with ${code}`, async (t) => {
    const { service } = await startService(t)
    const error = await failureOf(connect(t, options))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.deepEqual(service.asked, [])
  })

const wrong = { ...CREDENTIALS, password: 's3cret:x' }
const base = { url: `${ORIGIN}/guarded/form/` }
fails(
  'wrong credentials',
  { ...base, credentials: wrong },
  'ERR_BACKEND',
  /answered 401: it wants other `credentials`/,
)
fails('no credentials', base, 'ERR_BACKEND', /answered 401: it wants other `credentials`/)
fails(
  'a path that nginx does not know',
  { url: `${ORIGIN}/missing/` },
  'ERR_BACKEND',
  /answered 404 with a body/,
)
fails('a path that nginx denies', { url: `${ORIGIN}/forbidden/` }, 'ERR_BACKEND', /answered 403 with a body/)
fails(
  'a redirect',
  { url: `${ORIGIN}/moved/` },
  'ERR_BACKEND',
  /answered 307: a redirect, which is not followed$/,
)
fails(
  'an nginx that is unavailable',
  { url: `${ORIGIN}/away/` },
  'ERR_UNAVAILABLE',
  /check_password answered 503$/,
)
fails('a connection that is closed', { url: `${ORIGIN}/reset/` }, 'ERR_UNAVAILABLE', /failed: .*ECONNRESET/)
fails(
  'a redirect of basic',
  { api: 'basic', url: `${ORIGIN}/moved/` },
  'ERR_BACKEND',
  /answered 307: a redirect/,
)
fails('a missing page of basic', { api: 'basic', url: `${ORIGIN}/missing/` }, 'ERR_BACKEND', /answered 404/)
fails(
  'plain HTTP where TLS is',
  { url: `http://127.0.0.1:${tls}/form/` },
  'ERR_BACKEND',
  /answered 400 with a body/,
)
fails(
  'TLS where plain HTTP is',
  { url: `https://127.0.0.1:${plain}/form/` },
  'ERR_BACKEND',
  /check_password failed: .*EPROTO/,
)
fails(
  'a certificate nobody vouches for',
  { url: `${SECURE}/form/` },
  'ERR_BACKEND',
  /failed: .*UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
)

const failsVerified = (title: string, port: number, host: string, message: RegExp) =>
  test(`${title} fails with ERR_BACKEND, and no password leaves`, async (t) => {
    const { service } = await startService(t)
    const error = await failureOf(connect(t, { url: `https://${host}:${port}/form/`, ca }))
    assert.equal(error.code, 'ERR_BACKEND')
    assert.match(error.message, message)
    assert.deepEqual(service.asked, [])
  })

failsVerified(
  'the certificate of another authority',
  wrongAuthority,
  '127.0.0.1',
  /failed: .*UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
)
failsVerified(
  'the certificate of another host',
  wrongHost,
  '127.0.0.1',
  /failed: .*ERR_TLS_CERT_ALTNAME_INVALID/,
)
failsVerified(
  'the certificate of an address for a name',
  tls,
  'localhost',
  /failed: .*ERR_TLS_CERT_ALTNAME_INVALID/,
)

test('nothing in the environment turns the verification off', async (t) => {
  await startService(t)
  t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  const { code } = await failureOf(connect(t, { url: `${SECURE}/form/` }))
  assert.equal(code, 'ERR_BACKEND')
})

test('the certificate is that of the Host header, if there is one', async (t) => {
  await startService(t)
  const url = `https://127.0.0.1:${wrongHost}/form/`
  const handlers = connect(t, { url, ca, headers: { Host: 'elsewhere.example' } })
  assert.equal(await ask(handlers, 'auth'), true)
})

test('an authority is of no use without TLS', () => {
  assert.throws(() => http({ url: ORIGIN, ca }), { name: 'TypeError', message: /`ca` of http/ })
  assert.throws(
    () => http({ url: SECURE, ca: `${ca}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` }),
    {
      name: 'TypeError',
      message: /`ca` of http/,
    },
  )
})
