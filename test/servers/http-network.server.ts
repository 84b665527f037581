import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PASSWORD, SERVER, withPassword } from '../backends/contract.ts'
import type { Service } from '../backends/http-service.ts'
import { ask, failureOf } from '../backends/http-support.ts'
import { connect, type Front, ORIGIN, SECURE, startFront, startService } from './support/http-front.ts'

let front: Front
before(async () => {
  front = await startFront()
})
after(() => front?.nginx.dispose())

for (const origin of [ORIGIN, SECURE]) {
  test(`requests to ${new URL(origin).protocol} share one connection`, async (t) => {
    const { service } = await startService(t)
    const handlers = connect(t, { url: `${origin}/form/`, ...(origin === SECURE && { ca: front.ca }) })
    for (let count = 0; count < 20; count++) {
      assert.equal(await ask(handlers, 'auth'), true)
      assert.equal(await ask(handlers, 'setpass'), true)
    }
    assert.equal(connectionsIn(service), 1)
  })
}

test('a connection that nginx ends after some requests is replaced', async (t) => {
  const { service } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/brief/` })
  for (let count = 0; count < 9; count++) assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(connectionsIn(service), 3)
})

function connectionsIn({ asked }: Service): number {
  return new Set(asked.map(({ headers }) => headers['x-connection'])).size
}

test('5xx of nginx is a service that is away: 502 when it cannot be reached, 504 when it is slow', async (t) => {
  const { service, gate } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/hasty/` })
  service.script = () => {}
  for (const status of [504, 502]) {
    if (status === 502) await gate.shut()
    const { code, message } = await failureOf(handlers)
    assert.equal(code, 'ERR_UNAVAILABLE')
    assert.match(message, new RegExp(`for check_password answered ${status}$`))
  }
})

test('a question that is too large fails: 413 for a body, 414 for a query', async (t) => {
  await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/small/` })
  const long = 'x'.repeat(60_000)
  for (const [operation, status] of [
    ['setpass', 413],
    ['auth', 414],
  ] as const) {
    const answer = async () => handlers[operation](withPassword(operation, 'alice', long))
    await assert.rejects(answer, (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_BACKEND')
      assert.match(error.message, new RegExp(`answered ${status} `))
      return true
    })
  }
})

test('an answer that is too large fails', async (t) => {
  const { service } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/form/` })
  service.script = (response) => response.end('true'.repeat(100_000))
  const { code, message } = await failureOf(handlers)
  assert.equal(code, 'ERR_BACKEND')
  assert.match(message, /answered 200 with a body of more than 65536 bytes$/)
})

test('an answer that breaks off behind nginx fails', async (t) => {
  const { service } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/form/` })
  service.script = (response) => {
    response.writeHead(200, { 'Content-Length': 8 }).write('true')
    setImmediate(() => response.socket?.resetAndDestroy())
  }
  assert.equal((await failureOf(handlers)).code, 'ERR_UNAVAILABLE')
})

test('a body that never ends is let go of at the deadline, down to the service', async (t) => {
  const { service } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/form/` })
  const controller = new AbortController()
  const reason = new Error('the deadline')
  const closed = new Promise<void>((resolve) => {
    service.script = (response) => {
      response.writeHead(200, { 'Content-Length': 5 }).write('true')
      response.on('close', () => resolve())
      setImmediate(() => controller.abort(reason))
    }
  })
  const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
  await assert.rejects(async () => answer, reason)
  await closed
})

test('nginx is reloaded while it is asked, and nobody notices', async (t) => {
  const { service } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/form/` })
  let isReloading = true
  const reloads = (async () => {
    for (let count = 0; count < 3; count++) await front.nginx.reload()
    isReloading = false
  })()
  while (isReloading) assert.equal(await ask(handlers, 'auth'), true)
  await reloads
  assert.equal(await ask(handlers, 'setpass'), true)
  assert.ok(connectionsIn(service) >= 3)
})

test('nginx is restarted between two requests, and each kind of request is answered at once', async (t) => {
  const { service } = await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/form/` })
  for (const operation of ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'] as const) {
    assert.equal(await ask(handlers, 'auth'), true)
    await front.nginx.daemon.stop()
    await front.nginx.daemon.start()
    assert.equal(await ask(handlers, operation), true)
  }
  assert.equal(service.accounts.has(`alice@${SERVER}`), false)
})

test('nginx is away for a moment, and the request waits for it', async (t) => {
  await startService(t)
  const handlers = connect(t, { url: `${ORIGIN}/form/`, patience: 30_000 })
  await front.nginx.daemon.stop()
  const answer = ask(handlers, 'auth')
  await front.nginx.daemon.start()
  assert.equal(await answer, true)
})
