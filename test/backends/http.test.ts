import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type HttpOperation, type HttpOptions, http } from '../../src/backends/http.ts'
import type { PasswordRequest } from '../../src/handlers.ts'
import { Gate } from '../helpers/gate.ts'
import { type Fixture, PASSWORD, testBackend } from './contract.ts'
import { ask, type Kind, OPERATIONS, setUp, startService } from './http-support.ts'

/** Handlers that come to a service through a gate. */
async function behindGate(t: TestContext, optionsFor: (origin: string) => HttpOptions): Promise<Fixture> {
  const service = await startService(t)
  const gate = new Gate(service.port)
  await gate.open()
  t.after(() => gate.shut())
  const handlers = http({ patience: 0, ...optionsFor(`http://127.0.0.1:${gate.port}`) })
  t.after(() => handlers.close?.())
  return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
}

testBackend({
  name: 'http',
  operations: ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'],
  setUp: (t) => behindGate(t, (origin) => ({ url: `${origin}/form/` })),
})

testBackend({
  name: 'http, api json',
  operations: ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser', 'removeuser3'],
  setUp: (t) =>
    behindGate(t, (origin) => ({
      api: 'json',
      url: `${origin}/json/{operation}`,
      operations: ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser', 'removeuser3'],
    })),
})

testBackend({
  name: 'http, api basic',
  operations: ['auth'],
  setUp: (t) => behindGate(t, (origin) => ({ api: 'basic', url: `${origin}/private` })),
})

const sent = (
  kind: Kind,
  operation: HttpOperation,
  expected: { method: string; url: string; body: string },
) =>
  test(`${kind}: ${operation} is ${expected.method} ${expected.url} ${expected.body}`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    await ask(handlers, operation, 'älice+&=#', 'pa:ss+ &wörd?\n')
    const [{ method, url, body, headers } = assert.fail('nothing was asked')] = service.asked
    assert.deepEqual({ method, url, body }, expected)
    const type = kind === 'form' ? 'application/x-www-form-urlencoded' : 'application/json'
    assert.equal(headers['content-type'], method === 'POST' ? type : undefined)
    assert.equal(headers['content-length'], method === 'POST' ? String(Buffer.byteLength(body)) : undefined)
  })

const NAME = 'user=%C3%A4lice%2B%26%3D%23&server=example.org'
const PASS = 'pa%3Ass%2B%20%26w%C3%B6rd%3F%0A'
const FIELDS = '"user":"älice+&=#","server":"example.org"'
sent('form', 'auth', { method: 'GET', url: `/form/check_password?${NAME}&pass=${PASS}`, body: '' })
sent('form', 'isuser', { method: 'GET', url: `/form/user_exists?${NAME}&pass=`, body: '' })
sent('form', 'setpass', { method: 'POST', url: '/form/set_password', body: `${NAME}&pass=${PASS}` })
sent('form', 'tryregister', { method: 'POST', url: '/form/register', body: `${NAME}&pass=${PASS}` })
sent('form', 'removeuser', { method: 'POST', url: '/form/remove_user', body: `${NAME}&pass=` })
for (const operation of OPERATIONS) {
  const password =
    operation === 'isuser' || operation === 'removeuser' ? '' : ',"password":"pa:ss+ &wörd?\\n"'
  const body = `{"operation":"${operation}",${FIELDS}${password}}`
  sent('json', operation, { method: 'POST', url: `/json/${operation}`, body })
}

test('basic: auth is GET of the URL as it is, with the name and the password in UTF-8', async (t) => {
  const { service, handlers } = await setUp(t, {}, 'basic')
  await ask(handlers, 'auth', 'älice+&=#', 'pa:ss+ &wörd?')
  const [{ method, url, headers } = assert.fail('nothing was asked')] = service.asked
  assert.deepEqual({ method, url }, { method: 'GET', url: '/private?key=s3cret' })
  assert.equal(headers.authorization, `Basic ${Buffer.from('älice+&=#:pa:ss+ &wörd?').toString('base64')}`)
})

for (const kind of ['form', 'json'] as const) {
  test(`${kind}: an account that is there already is allowed to be registered with its own password only`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    assert.equal(await ask(handlers, 'tryregister'), true)
    assert.equal(await ask(handlers, 'tryregister', 'alice', 'other'), false)
    assert.deepEqual(
      service.asked.map(({ url }) => url.replace(/\?.*/, '')),
      kind === 'form'
        ? ['/form/register', '/form/check_password', '/form/register', '/form/check_password']
        : ['/json/tryregister', '/json/auth', '/json/tryregister', '/json/auth'],
    )
  })
}

test('json: an account that is there already is refused if the service cannot check passwords', async (t) => {
  const { service, handlers } = await setUp(t, { operations: ['tryregister'] }, 'json')
  assert.equal(await ask(handlers, 'tryregister'), false)
  assert.equal(service.asked.length, 1)
})

test('json: the login that follows a registration shows its password to the function that names it only', async (t) => {
  const seen: unknown[] = []
  const body = (request: object) => {
    seen.push({ ...request })
    return { ...request, password: (request as PasswordRequest).password }
  }
  const { handlers } = await setUp(t, { body } as Partial<HttpOptions>, 'json')
  assert.equal(await ask(handlers, 'tryregister'), true)
  const [, login] = seen as object[]
  assert.deepEqual(Object.keys(login ?? {}), ['operation', 'user', 'server'])
})

test('json: one URL holds the operation in its path and its query, whether it is a text or a URL', async (t) => {
  const { service, origin, handlers } = await setUp(t)
  await handlers.close()
  for (const make of [String, (url: string) => new URL(url)]) {
    const url = make(`${origin}/json/{operation}?do={operation}`)
    const asked = http({ api: 'json', url, operations: ['auth'] })
    t.after(() => asked.close?.())
    assert.equal(await ask(asked, 'auth'), true)
    assert.equal(service.asked.at(-1)?.url, '/json/auth?do=auth')
  }
})

test('the operations are those that were named', async (t) => {
  for (const kind of ['form', 'json'] as const) {
    const { handlers } = await setUp(t, { operations: ['isuser', 'auth'] }, kind)
    assert.deepEqual(Object.keys(handlers).sort(), ['auth', 'close', 'isuser'])
  }
})

test('json: with a URL for some operations, these are the operations', async (t) => {
  const { handlers, origin } = await setUp(t, {}, 'json')
  await handlers.close()
  const some = http({ api: 'json', url: { auth: `${origin}/json/auth` } })
  assert.deepEqual(Object.keys(some).sort(), ['auth', 'close'])
})

test('basic: a name or a password that HTTP Basic cannot say is refused, and nothing is asked', async (t) => {
  const { service, handlers } = await setUp(t, {}, 'basic')
  // alice's password is `pa:ss wörd`: the first would be sent as that of alice.
  assert.equal(await ask(handlers, 'auth', 'alice:pa', 'ss w\u00f6rd'), false)
  for (const control of ['\u0000', '\n', '\r', '\u007f', '\u0085']) {
    assert.equal(await ask(handlers, 'auth', 'alice', `${PASSWORD}${control}x`), false)
    assert.equal(await ask(handlers, 'auth', `alice${control}`), false)
  }
  assert.deepEqual(service.asked, [])
})

test('basic: a page of any size lets in, and its connection is not kept when it is large', async (t) => {
  const { service, handlers } = await setUp(t, { maxBodySize: 10 }, 'basic')
  service.script = (response) => response.end('x'.repeat(1_000_000))
  assert.equal(await ask(handlers, 'auth'), true)
  service.script = (response) => response.end('x'.repeat(10))
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(service.connections, 2)
})

test('credentials and headers go with every request', async (t) => {
  const credentials = { username: 'ejabberd', password: 's3cret:\u00e4' }
  for (const kind of ['form', 'json'] as const) {
    const { service, handlers } = await setUp(
      t,
      { credentials, headers: { 'X-Key': 'key', Host: 'api' } },
      kind,
    )
    await ask(handlers, 'auth')
    await ask(handlers, 'setpass')
    for (const { headers } of service.asked) {
      assert.equal(headers.authorization, `Basic ${Buffer.from('ejabberd:s3cret:\u00e4').toString('base64')}`)
      assert.equal(headers['x-key'], 'key')
      assert.equal(headers.host, 'api')
    }
    assert.equal(service.asked.length, 2)
  }
})

test('a base URL may end without a slash', async (t) => {
  const { service, origin } = await setUp(t)
  const handlers = http({ url: `${origin}/form` })
  t.after(() => handlers.close?.())
  assert.equal(await ask(handlers, 'auth'), true)
  assert.match(service.asked[0]?.url ?? '', /^\/form\/check_password\?/)
})
