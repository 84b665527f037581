import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { PASSWORD, withPassword } from './contract.ts'
import { ask, KINDS, setUp, startRaw, TRUE } from './http-support.ts'

for (const kind of KINDS) {
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
  const statuses = [503, 500, 502, 408]
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
