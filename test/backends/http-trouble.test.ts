import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { http } from '../../src/backends/http.ts'
import type { Handlers } from '../../src/handlers.ts'
import { PASSWORD, withPassword } from './contract.ts'
import { ask, failureOf, type Kind, setUp } from './http-support.ts'

const KINDS: readonly Kind[] = ['form', 'json', 'basic']

/** A service that gets the bytes of each request and answers with bytes. */
async function startRaw(t: TestContext, answer: (socket: Socket, count: number) => void) {
  const sockets = new Set<Socket>()
  let asked = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    // Each request of these tests arrives as one chunk.
    socket.on('data', () => answer(socket, ++asked))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const handlers = http({ url, patience: 0 })
  t.after(() => handlers.close?.())
  return { handlers, sockets, asked: () => asked }
}

const TRUE = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue'

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
      /^GET http:\/\/127\.0\.0\.1:\d+\/check_password (answered|failed|was answered)/,
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

test('an error says how large a body may be, and the connection of a larger one is not kept', async (t) => {
  const { service, handlers } = await setUp(t, { maxBodySize: 100 })
  service.script = (response) => response.end('x'.repeat(101))
  const { message } = await failureOf(handlers)
  assert.match(message, /^GET \S+\/form\/check_password answered 200 with a body of more than 100 bytes$/)
  service.script = undefined
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(service.connections, 2)
})

const errors = (kind: Kind, status: number, body: string, expected: RegExp) =>
  test(`${kind}: the error for ${status} names method, address and status, and quotes neither query nor body`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    service.script = (response) => response.writeHead(status, { 'WWW-Authenticate': 'Basic' }).end(body)
    assert.match((await failureOf(handlers)).message, expected)
  })
errors('form', 503, PASSWORD, /^GET http:\/\/127\.0\.0\.1:\d+\/form\/check_password answered 503$/)
errors('form', 200, PASSWORD, /answered 200 with a body of 11 bytes, which is neither yes nor no$/)
errors('form', 401, '', /answered 401: it wants other `credentials` or `headers` from this program$/)
errors(
  'json',
  400,
  PASSWORD,
  /^POST http:\/\/127\.0\.0\.1:\d+\/json\/auth answered 400 with a body of 11 bytes/,
)
errors('basic', 404, PASSWORD, /^GET http:\/\/127\.0\.0\.1:\d+\/private answered 404/)

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
        new RegExp(`^\\w+ http://\\S+ answered ${status}: a redirect, which is not followed$`),
      )
    }
    assert.equal(service.asked.length, 6)
  })

  test(`${kind}: requests share one connection`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    for (let count = 0; count < 10; count++) await ask(handlers, 'auth')
    assert.equal(service.connections, 1)
  })

  test(`${kind}: an abort ends the wait for an answer, and its connection`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    const reason = new Error('the deadline')
    const starts = {
      'no byte of it': () => {},
      'half of a header': (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Le'),
      'half of a body': (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nt'),
    }
    for (const [title, start] of Object.entries(starts)) {
      const controller = new AbortController()
      const closed = new Promise<void>((resolve) => {
        service.script = ({ socket }) => {
          socket?.on('close', () => resolve())
          start(socket as Socket)
          setImmediate(() => controller.abort(reason))
        }
      })
      const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
      await assert.rejects(async () => answer, reason, title)
      await closed
    }
  })
}

test('a request that was aborted before it began asks nothing', async (t) => {
  const { service, handlers } = await setUp(t)
  const reason = new Error('the deadline')
  const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, AbortSignal.abort(reason)))
  await assert.rejects(async () => answer, reason)
  assert.equal(service.asked.length, 0)
})

test('an abort while a service is waited for ends the wait', async (t) => {
  const { service, handlers } = await setUp(t, { patience: 60_000 })
  const controller = new AbortController()
  service.script = (response) => {
    response.writeHead(503).end()
    setImmediate(() => controller.abort())
  }
  const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
  await assert.rejects(async () => answer)
})

test('a service that is away for a moment is asked again', async (t) => {
  const { service, handlers } = await setUp(t, { patience: 60_000 })
  const statuses = [503, 500, 429, 408]
  service.script = (response) => {
    const status = statuses.shift()
    response.writeHead(status ?? 200).end('true')
  }
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(service.asked.length, 5)
})

for (const operation of ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'] as const) {
  test(`a kept connection that was closed meanwhile does not fail ${operation}`, async (t) => {
    const { handlers, asked } = await startRaw(t, (socket, count) => {
      // The first answers, the second comes on the same connection and is met by its end.
      if (count === 2) socket.resetAndDestroy()
      else socket.write(operation === 'auth' || operation === 'isuser' ? TRUE : TRUE.replace('200', '201'))
    })
    assert.equal(await ask(handlers, operation), true)
    assert.equal(await ask(handlers, operation), true)
    assert.equal(asked(), 3)
  })
}

test('every kept connection may have been closed meanwhile', async (t) => {
  const waiting: Socket[] = []
  const { handlers, asked } = await startRaw(t, (socket, count) => {
    if (count <= 5) {
      // Together, so that each has a connection of its own.
      if (waiting.push(socket) === 5) for (const each of waiting) each.write(TRUE)
    } else if (waiting.includes(socket)) socket.resetAndDestroy()
    else socket.write(TRUE)
  })
  assert.deepEqual(
    await Promise.all(Array.from({ length: 5 }, () => ask(handlers, 'auth'))),
    Array(5).fill(true),
  )
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(asked(), 11)
})

test('a new connection that is reset is not tried again without patience', async (t) => {
  const { handlers, asked } = await startRaw(t, (socket) => socket.resetAndDestroy())
  assert.equal(await ask(handlers, 'auth'), 'ERR_UNAVAILABLE')
  assert.equal(asked(), 1)
})

test('an answer that broke off on a kept connection is not asked for again at once', async (t) => {
  const { handlers, asked } = await startRaw(t, (socket, count) => {
    if (count === 1) socket.write(TRUE)
    else socket.end(TRUE.slice(0, -1))
  })
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(await ask(handlers, 'auth'), 'ERR_UNAVAILABLE')
  assert.equal(asked(), 2)
})

test('many requests at once each get their own answer', async (t) => {
  const { service, handlers } = await setUp(t)
  for (let index = 0; index < 100; index += 2)
    service.accounts.set(`user${index}@example.org`, `pass${index}`)
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => ask(handlers, 'auth', `user${index}`, `pass${index}`)),
  )
  assert.deepEqual(
    answers,
    Array.from({ length: 100 }, (_, index) => index % 2 === 0),
  )
})

test('to close ends the connections, may happen twice, and before anything was asked', async (t) => {
  const { handlers, sockets } = await startRaw(t, (socket) => socket.write(TRUE))
  await handlers.close?.()
  assert.equal(await ask(handlers, 'auth'), true)
  const closed = Promise.all([...sockets].map((socket) => once(socket, 'close')))
  await handlers.close?.()
  await handlers.close?.()
  await closed
})

test('nobody at the address, and no such name, is a service that is away', async (t) => {
  const { service, handlers } = await setUp(t)
  const stopped = service.stop()
  await stopped
  const { code, message } = await failureOf(handlers)
  assert.equal(code, 'ERR_UNAVAILABLE')
  assert.match(message, /ECONNREFUSED/)
  await service.start()
  const nowhere: Handlers = http({ url: 'http://service.invalid/', patience: 0 })
  assert.match(String(await ask(nowhere, 'auth')), /^ERR_UNAVAILABLE$/)
})
