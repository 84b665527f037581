/** The ldap backend on a real OpenLDAP: connections that are kept, lost, late and let go of. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { named, PASSWORD, withPassword } from '../backends/contract.ts'
import { until } from '../e2e/support/wait.ts'
import { login, plainlyWith, reach, securelyWith } from './support/ldap.ts'
import { person, type Slapd, startSlapd } from './support/slapd.ts'

let server: Slapd
/** Another one, with the same entries and an authority of its own, which has enough of idle connections soon. */
let other: Slapd
before(async () => {
  const entries = [person('uid=alice', 'alice', PASSWORD)]
  server = await startSlapd({ entries })
  other = await startSlapd({ entries, global: 'idletimeout 1' })
})
after(async () => {
  await server?.dispose()
  await other?.dispose()
})

describe('a connection', () => {
  test('is kept for the next request', async (t) => {
    const { handlers, gate } = await reach(t, server)
    for (let attempt = 0; attempt < 5; attempt++) {
      assert.equal(await login(handlers), true)
      assert.equal(await login(handlers, 'wrong'), false)
      assert.equal(await handlers.isuser(named('isuser', 'nobody')), false)
    }
    assert.equal(gate.connections, 2, 'one to search, one for logins')
  })

  test('that was idle for too long is made anew, and nobody notices', async (t) => {
    for (const startTls of [false, true]) {
      const { handlers, gate } = await reach(t, other, plainlyWith({ startTls, ca: other.ca }))
      assert.equal(await login(handlers), true)
      await until('the server to close them', async () => (await other.countConnections()) === 0)
      assert.equal(await login(handlers), true)
      assert.equal(gate.connections, 4)
    }
  })

  test('that is reset is made anew, and nobody notices', async (t) => {
    const { handlers, gate } = await reach(t, server)
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.equal(await login(handlers), true)
      gate.reset()
    }
  })

  test('that is closed by close() is closed at the server, too', async (t) => {
    const { handlers } = await reach(t, server)
    assert.equal(await login(handlers), true)
    assert.equal(await server.countConnections(), 2)
    await handlers.close()
    await handlers.close()
    await until('the connections to end', async () => (await server.countConnections()) === 0)
  })

  test('that is in use during close() ends when it is given back', async (t) => {
    const { handlers } = await reach(t, server)
    const answer = login(handlers)
    await handlers.close()
    assert.equal(await answer, true)
    await until('the connections to end', async () => (await server.countConnections()) === 0)
  })

  for (const way of ['plain', 'TLS', 'StartTLS'] as const) {
    test(`that is not made within its time is an outage: ${way}`, async (t) => {
      const changes = { connectTimeout: 100, ca: server.ca }
      const { handlers, gate } = await (way === 'TLS'
        ? reach(t, server, securelyWith(server.ca, changes), server.securePort)
        : reach(t, server, plainlyWith({ ...changes, startTls: way === 'StartTLS' })))
      gate.stall()
      await assert.rejects(login(handlers), { code: 'ERR_UNAVAILABLE', message: /no answer within 100 ms/ })
      await gate.open()
      assert.equal(await login(handlers), true)
    })
  }

  test('on which no answer comes is an outage', async (t) => {
    const { handlers, gate } = await reach(t, server, plainlyWith({ connectTimeout: 100, timeout: 100 }))
    assert.equal(await login(handlers), true)
    gate.stall()
    await assert.rejects(login(handlers), { code: 'ERR_UNAVAILABLE', message: /no answer within 100 ms/ })
    await assert.rejects(async () => handlers.isuser(named('isuser', 'alice')), { code: 'ERR_UNAVAILABLE' })
  })

  test('is neither made nor lost for a request that nobody waits for any more', async (t) => {
    const { handlers, gate } = await reach(t, server)
    const reason = new Error('too late')
    const request = withPassword('auth', 'alice', PASSWORD, AbortSignal.abort(reason))
    await assert.rejects(async () => handlers.auth(request), reason)
    assert.equal(gate.connections, 0)
    assert.equal(await login(handlers), true)
    await assert.rejects(async () => handlers.auth(request), reason)
    assert.equal(await login(handlers), true)
    assert.equal(gate.connections, 2)
  })

  for (const way of ['plain', 'TLS', 'StartTLS'] as const) {
    test(`that is being made is let go of when nobody waits any more: ${way}`, async (t) => {
      const { handlers, gate } = await (way === 'TLS'
        ? reach(t, server, securelyWith(server.ca), server.securePort)
        : reach(t, server, plainlyWith({ startTls: way === 'StartTLS', ca: server.ca })))
      gate.stall()
      const controller = new AbortController()
      const reason = new Error('too late')
      const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
      const rejected = assert.rejects(async () => answer, reason)
      await until('a connection', () => gate.connections > 0)
      controller.abort(reason)
      await rejected
    })
  }
})

describe('an outage', () => {
  const isBridged = (title: string, away: () => Promise<unknown>, back: () => Promise<unknown>) =>
    test(`${title}: a patient request is answered, and nobody is refused`, async (t) => {
      const { handlers } = await reach(t, server, plainlyWith({ patience: 30_000 }))
      assert.equal(await login(handlers), true)
      await away()
      const answers = [login(handlers), login(handlers, 'wrong'), handlers.isuser(named('isuser', 'alice'))]
      await back()
      assert.deepEqual(await Promise.all(answers), [true, false, true])
    })

  isBridged(
    'the server is restarted',
    () => server.daemon.stop(),
    () => server.daemon.start(),
  )
  isBridged(
    'the server is killed',
    () => server.daemon.stop('SIGKILL'),
    () => server.daemon.start(),
  )
})
