import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http } from '../../src/backends/http.ts'
import { PASSWORD } from './contract.ts'
import { ask, failureOf, KINDS, type Kind, setUp, startRaw, TRUE } from './http-support.ts'

const broken = (title: string, code: string, message: RegExp, bytes: string, end: 'end' | 'reset' | 'open') =>
  test(`an answer that ${title} fails with ${code}`, async (t) => {
    const { handlers } = await startRaw(t, (socket) => {
      socket.write(bytes, () => {
        if (end === 'end') socket.end()
        if (end === 'reset') socket.resetAndDestroy()
      })
    })
    const error = await failureOf(handlers)
    assert.equal(error.code, code)
    assert.match(
      error.message,
      /^GET http:\/\/127\.0\.0\.1:\d+\/\.\.\. for check_password (answered|failed|was answered)/,
    )
    assert.match(error.message, message)
  })

const brokenOff = /answered 200 and broke off/
broken('is no byte', 'ERR_UNAVAILABLE', /failed: .*ECONNRESET/, '', 'end')
broken('is a reset', 'ERR_UNAVAILABLE', /failed: .*ECONNRESET/, '', 'reset')
broken('is half a status line', 'ERR_UNAVAILABLE', /failed: .*ECONNRESET/, 'HTTP/1.1 2', 'end')
broken('is half a header', 'ERR_UNAVAILABLE', /failed: .*ECONNRESET/, 'HTTP/1.1 200 OK\r\nContent-Le', 'end')
broken(
  'is half a body',
  'ERR_UNAVAILABLE',
  brokenOff,
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntrue',
  'end',
)
broken(
  'is half a body, then a reset',
  'ERR_UNAVAILABLE',
  /answered 200 and broke off|ECONNRESET/,
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntrue',
  'reset',
)
broken(
  'lacks its last chunk',
  'ERR_UNAVAILABLE',
  brokenOff,
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n',
  'end',
)
broken(
  'has a chunk of no size',
  'ERR_BACKEND',
  /HPE_/,
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
  'open',
)
broken('is of another protocol', 'ERR_BACKEND', /HPE_/, '220 mail.example.org ESMTP\r\n', 'open')
broken(
  'is a switch of protocols',
  'ERR_BACKEND',
  /another protocol/,
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'open',
)
broken(
  'has headers without end',
  'ERR_BACKEND',
  /HPE_HEADER_OVERFLOW/,
  `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}`,
  'open',
)
broken(
  'has two lengths',
  'ERR_BACKEND',
  /HPE_/,
  'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ntrue',
  'open',
)

test('an answer that ends with its connection counts', async (t) => {
  const { handlers } = await startRaw(t, (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\ntrue'))
  assert.equal(await ask(handlers, 'auth'), true)
})

test('an interim answer is not the answer', async (t) => {
  const { handlers } = await startRaw(t, (socket) =>
    socket.write(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse`),
  )
  assert.equal(await ask(handlers, 'auth'), false)
})

test('what a service says without being asked answers nothing', async (t) => {
  const { handlers } = await startRaw(t, (socket, count) =>
    socket.write(count === 1 ? `${TRUE}${TRUE}` : TRUE.replace('true', 'nope')),
  )
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(await ask(handlers, 'auth'), 'ERR_BACKEND')
})

const sizes = (kind: Kind, size: number, limit: number, expected: boolean | string) =>
  test(`${kind}: a body of ${size} bytes where ${limit} are allowed is ${expected}`, async (t) => {
    const { service, handlers } = await setUp(t, limit === 65_536 ? {} : { maxBodySize: limit }, kind)
    const text = kind === 'json' ? 'true'.padStart(size) : 'true'.padEnd(size, '.')
    for (const length of [size, undefined]) {
      service.script = (response) =>
        response.writeHead(200, length === undefined ? {} : { 'Content-Length': length }).end(text)
      assert.equal(await ask(handlers, 'auth'), expected)
    }
  })

sizes('form', 4, 4, true)
sizes('form', 4, 3, 'ERR_BACKEND')
sizes('json', 65_536, 65_536, true)
sizes('json', 65_537, 65_536, 'ERR_BACKEND')
sizes('json', 10_000_000, 65_536, 'ERR_BACKEND')
sizes('basic', 65_537, 65_536, true)

test('basic: a location that needs no password lets nobody in', async (t) => {
  const { service, handlers } = await setUp(t, {}, 'basic')
  service.isOpen = true
  service.script = (response) => response.end()
  for (let again = 0; again < 2; again++) assert.equal(await ask(handlers, 'auth'), 'ERR_BACKEND')
  assert.match(
    (await failureOf(handlers)).message,
    /answers 200 without a password, too: it lets everybody in$/,
  )
  service.isOpen = false
  assert.equal(await ask(handlers, 'auth'), true)
})

for (const [status, code] of [
  [404, 'ERR_BACKEND'],
  [429, 'ERR_UNAVAILABLE'],
  [503, 'ERR_UNAVAILABLE'],
] as const) {
  test(`basic: ${status} without a password does not say that one is needed`, async (t) => {
    const { service, handlers } = await setUp(t, {}, 'basic')
    service.isOpen = true
    service.script = (response) =>
      response.writeHead(response.req.headers.authorization === undefined ? status : 200).end()
    assert.equal(await ask(handlers, 'auth'), code)
    service.script = (response) => response.end()
    assert.equal(await ask(handlers, 'auth'), 'ERR_BACKEND')
  })
}

test('basic: whether a location needs a password is asked once', async (t) => {
  const { service, handlers } = await setUp(t, {}, 'basic')
  for (let again = 0; again < 3; again++) assert.equal(await ask(handlers, 'auth'), true)
  const without = service.asked.filter(({ headers }) => headers.authorization === undefined)
  assert.equal(without.length, 1)
  assert.equal(service.asked.length, 4)
})

test('a page that is too large does not turn a status into another one', async (t) => {
  const { service, handlers } = await setUp(t, { maxBodySize: 10 })
  for (const [status, code] of [
    [404, 'ERR_BACKEND'],
    [503, 'ERR_UNAVAILABLE'],
  ] as const) {
    service.script = (response) => response.writeHead(status).end('x'.repeat(11))
    assert.equal(await ask(handlers, 'auth'), code)
  }
})

test('an error says how large a body may be, and the connection of a larger one is not kept', async (t) => {
  const { service, handlers } = await setUp(t, { maxBodySize: 100 })
  service.script = (response) => response.end('x'.repeat(101))
  const { message } = await failureOf(handlers)
  assert.match(message, /^GET \S+ for check_password answered 200 with a body of more than 100 bytes$/)
  service.script = undefined
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(service.connections, 2)
})

const errors = (kind: Kind, status: number, body: string, expected: RegExp) =>
  test(`${kind}: the error for ${status} names method, host, what was asked and status, and quotes neither path, query nor body`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    service.script = (response) => response.writeHead(status, { 'WWW-Authenticate': 'Basic' }).end(body)
    assert.match((await failureOf(handlers)).message, expected)
  })
errors('form', 503, PASSWORD, /^GET http:\/\/127\.0\.0\.1:\d+\/\.\.\. for check_password answered 503$/)
errors('form', 200, PASSWORD, /answered 200 with a body of 11 bytes, which is neither yes nor no$/)
errors('form', 401, '', /answered 401: it wants other `credentials` or `headers` from this program$/)
errors(
  'json',
  400,
  PASSWORD,
  /^POST http:\/\/127\.0\.0\.1:\d+\/\.\.\. for auth answered 400 with a body of 11 bytes/,
)
errors('basic', 404, PASSWORD, /^GET http:\/\/127\.0\.0\.1:\d+\/\.\.\. answered 404/)

for (const kind of KINDS) {
  test(`${kind}: redirects are not followed`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    for (const status of [300, 301, 302, 303, 307, 308]) {
      service.script = (response, { url }) =>
        response.writeHead(status, { Location: `${url}&pass=secret` }).end('true')
      const error = await failureOf(handlers)
      assert.equal(error.code, 'ERR_BACKEND')
      assert.match(
        error.message,
        new RegExp(`^\\w+ http://\\S+( for \\w+)? answered ${status}: a redirect, which is not followed$`),
      )
    }
    assert.equal(service.asked.length, 6)
  })
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toUTCString()
const askedOnce = (
  kind: Kind,
  title: string,
  status: number,
  retryAfter: () => string | undefined,
  told: RegExp,
) =>
  test(`${kind}: ${status} ${title} fails at once, and nobody is asked again`, async (t) => {
    const { service, handlers } = await setUp(t, { patience: 1000 }, kind)
    const value = retryAfter()
    service.script = (response) =>
      response.writeHead(status, value === undefined ? {} : { 'Retry-After': value }).end('x')
    const { code, message } = await failureOf(handlers)
    assert.equal(code, 'ERR_UNAVAILABLE')
    assert.match(message, told)
    assert.equal(service.asked.length, 1)
  })
for (const kind of KINDS) {
  askedOnce(kind, 'without a time', 429, () => undefined, /answered 429$/)
  askedOnce(kind, 'in a second', 429, () => '1', /answered 429, to be asked again in 1 s$/)
  askedOnce(kind, 'in an hour', 503, () => '3600', /answered 503, to be asked again in 3600 s$/)
  askedOnce(kind, 'until a time', 503, inAnHour, /answered 503, to be asked again in 3[56]\d\d s$/)
}
askedOnce('form', 'with no time', 429, () => 'in a while', /answered 429$/)

for (const retryAfter of ['0', '1', 'soon', '-1', '1.5', '', '9'.repeat(20), new Date(0).toUTCString()])
  test(`503 with Retry-After ${JSON.stringify(retryAfter)} is asked again`, async (t) => {
    const { service, handlers } = await setUp(t, { patience: 60_000 })
    service.script = (response) => {
      service.script = undefined
      response.writeHead(503, { 'Retry-After': retryAfter }).end()
    }
    assert.equal(await ask(handlers, 'auth'), true)
    assert.equal(service.asked.length, 2)
  })

for (const [title, bytes] of [
  ['is too large', `HTTP/1.1 429 x\r\nContent-Length: 70000\r\n\r\n${'x'.repeat(70_000)}`],
  ['is broken off', 'HTTP/1.1 429 x\r\nContent-Length: 5\r\n\r\ntrue'],
] as const)
  test(`429 whose body ${title} is 429`, async (t) => {
    const { handlers, asked } = await startRaw(t, (socket) => socket.end(bytes), { patience: 1000 })
    assert.equal(await ask(handlers, 'auth'), 'ERR_UNAVAILABLE')
    assert.equal(asked(), 1)
  })

test('nobody at the address, and no such name, is a service that is away', async (t) => {
  const { service, handlers } = await setUp(t)
  const stopped = service.stop()
  await stopped
  const { code, message } = await failureOf(handlers)
  assert.equal(code, 'ERR_UNAVAILABLE')
  assert.match(message, /ECONNREFUSED/)
  await service.start()
  const nowhere = http({ url: 'http://service.invalid/', patience: 0, insecure: true })
  assert.match(String(await ask(nowhere, 'auth')), /^ERR_UNAVAILABLE$/)
})
