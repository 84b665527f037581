/** The ldap backend on a real OpenLDAP: connections, TLS, several servers, trouble on the way. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { type LdapOptions, ldap } from '../../src/backends/ldap.ts'
import type { Handlers } from '../../src/handlers.ts'
import { named, PASSWORD, withPassword } from '../backends/contract.ts'
import { until } from '../e2e/support/wait.ts'
import { Gate } from '../helpers/gate.ts'
import { login, plainly, reach, SEARCH } from './support/ldap.ts'
import { person, SERVICE_PASSWORD, type Slapd, SUFFIX, startSlapd } from './support/slapd.ts'

const ENTRIES = [person('uid=alice', 'alice', PASSWORD)]

let server: Slapd
/** Another one, with the same entries and an authority of its own, which has enough of idle connections soon. */
let other: Slapd
before(async () => {
  server = await startSlapd({ entries: ENTRIES })
  other = await startSlapd({ entries: ENTRIES, global: 'idletimeout 1' })
})
after(async () => {
  await server?.dispose()
  await other?.dispose()
})

const options =
  (changes: Partial<LdapOptions> = {}) =>
  (port: number) => ({ ...plainly(port), ...changes })

const securely =
  (changes: Partial<LdapOptions> = {}) =>
  (port: number) => ({ ...SEARCH, url: `ldaps://127.0.0.1:${port}`, ca: server.ca, ...changes })

describe('TLS', () => {
  const works = (title: string, changes: Partial<LdapOptions>) =>
    test(`works with ${title}`, async (t) => {
      const tls = await reach(t, server, securely(changes), server.securePort)
      assert.equal(await login(tls.handlers), true)
      const startTls = await reach(t, server, options({ startTls: true, ca: server.ca, ...changes }))
      assert.equal(await login(startTls.handlers), true)
    })
  const isRefused = (title: string, changes: () => Partial<LdapOptions>, message: RegExp) =>
    test(`${title} is an error that says so, and another attempt does not help`, async (t) => {
      const failure = { code: 'ERR_BACKEND', message }
      const tls = await reach(t, server, securely(changes()), server.securePort)
      await assert.rejects(login(tls.handlers), failure)
      const startTls = await reach(t, server, options({ startTls: true, ca: server.ca, ...changes() }))
      await assert.rejects(login(startTls.handlers), failure)
    })

  works('an address that is in the certificate', {})
  works('a name that is in the certificate', { servername: 'localhost' })
  isRefused(
    'a name that is not in the certificate',
    () => ({ servername: 'ldap.example.org' }),
    /TLS failed: .*ALTNAME/,
  )
  isRefused('an authority that is not trusted', () => ({ ca: other.ca }), /TLS failed: .*certificate/)

  test('an authority that is not trusted is refused, whatever the environment says', async (t) => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
    const { handlers } = await reach(t, server, securely({ ca: other.ca }), server.securePort)
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND' })
  })

  test('ldaps:// where something else is spoken is an error', async (t) => {
    const web = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await once(web.listen(0, '127.0.0.1'), 'listening')
    t.after(() => web.close())
    const { handlers } = await reach(t, server, securely(), (web.address() as AddressInfo).port)
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND', message: /TLS failed: .*ERR_SSL/ })
  })

  test('of what is said nothing can be read with StartTLS, also after the connection was lost', async (t) => {
    for (const startTls of [true, false]) {
      const wire = await listenIn(t, server.port)
      const handlers = ldap(
        options({ patience: 0, startTls, ca: server.ca })(wire.port),
      ) as Required<Handlers>
      for (let connection = 0; connection < 3; connection++) {
        assert.equal(await login(handlers), true)
        wire.cut()
      }
      await handlers.close()
      for (const secret of [PASSWORD, SERVICE_PASSWORD, 'alice'])
        assert.equal(wire.heard().includes(secret), !startTls)
    }
  })
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
      const { handlers, gate } = await reach(t, other, options({ startTls, ca: other.ca }))
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
        ? reach(t, server, securely(changes), server.securePort)
        : reach(t, server, options({ ...changes, startTls: way === 'StartTLS' })))
      gate.stall()
      await assert.rejects(login(handlers), { code: 'ERR_UNAVAILABLE', message: /no answer within 100 ms/ })
      await gate.open()
      assert.equal(await login(handlers), true)
    })
  }

  test('on which no answer comes is an outage', async (t) => {
    const { handlers, gate } = await reach(t, server, options({ connectTimeout: 100, timeout: 100 }))
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
        ? reach(t, server, securely(), server.securePort)
        : reach(t, server, options({ startTls: way === 'StartTLS', ca: server.ca })))
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
      const { handlers } = await reach(t, server, options({ patience: 30_000 }))
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

describe('of several servers', () => {
  const address = (gate: Gate) => `ldap://127.0.0.1:${gate.port}`

  async function reachBoth(t: TestContext, changes: Partial<LdapOptions> = {}) {
    const gates = [new Gate(server.port), new Gate(server.port)] as const
    for (const gate of gates) await gate.open()
    const handlers = ldap({
      ...SEARCH,
      url: gates.map(address),
      patience: 0,
      ...changes,
    }) as Required<Handlers>
    t.after(async () => {
      await handlers.close()
      for (const gate of gates) await gate.shut()
    })
    return { handlers, first: gates[0], second: gates[1] }
  }

  test('the first one is asked as long as it works', async (t) => {
    const { handlers, second } = await reachBoth(t)
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'wrong'), false)
    assert.equal(second.connections, 0)
  })

  test('the next one is asked when one is away, and then as long as it works', async (t) => {
    const { handlers, first, second } = await reachBoth(t)
    await first.shut()
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'wrong'), false)
    await first.open()
    second.reset()
    assert.equal(await login(handlers), true)
    assert.equal(first.connections, 0)
    await second.shut()
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'wrong'), false)
    assert.notEqual(first.connections, 0)
  })

  test('the next one is asked when one does not answer any more', async (t) => {
    const { handlers, first, second } = await reachBoth(t, { timeout: 200 })
    assert.equal(await login(handlers), true)
    assert.equal(second.connections, 0)
    first.stall()
    assert.equal(await login(handlers), true)
    assert.notEqual(second.connections, 0)
  })

  test('the next one is asked when one is silent from the start', async (t) => {
    const { handlers, first } = await reachBoth(t, { connectTimeout: 200 })
    first.stall()
    assert.equal(await login(handlers), true)
  })

  test('the next one is asked when the certificate of one is not trusted', async (t) => {
    const url = [`ldaps://127.0.0.1:${other.securePort}`, `ldaps://127.0.0.1:${server.securePort}`]
    const { handlers } = await reachBoth(t, { url, ca: server.ca })
    assert.equal(await login(handlers), true)
    const untrusted = await reachBoth(t, { url: [url[0] as string, 'ldaps://127.0.0.1:1'], ca: server.ca })
    await assert.rejects(login(untrusted.handlers), {
      code: 'ERR_UNAVAILABLE',
      message: /TLS failed.*; .*ECONNREFUSED/,
    })
  })

  test('that are all away, each is named', async (t) => {
    const { handlers, first, second } = await reachBoth(t)
    await first.shut()
    await second.shut()
    await assert.rejects(login(handlers), {
      code: 'ERR_UNAVAILABLE',
      message: new RegExp(`${address(first)}: .*ECONNREFUSED.*; ${address(second)}: .*ECONNREFUSED`),
    })
  })

  test('a refused account is not tried on each of them', async (t) => {
    const { handlers, second } = await reachBoth(t, { bindPassword: 'wrong' })
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND' })
    assert.equal(second.connections, 0)
  })
})

test('no error quotes a password', async (t) => {
  const secrets = { user: 'hunter2-of-the-user', service: 'hunter3-of-the-service' }
  const changes: readonly Partial<LdapOptions>[] = [
    { bindPassword: secrets.service },
    { bindDn: `cn=${secrets.service},${SUFFIX}`, bindPassword: secrets.service },
    { bindDn: secrets.service, bindPassword: secrets.service },
    { startTls: true, ca: other.ca },
    { url: 'ldap://127.0.0.1:1' },
    { base: 'dc=elsewhere' },
  ]
  for (const change of changes) {
    const { handlers } = await reach(t, server, options({ setpass: true, ...change }))
    for (const operation of ['auth', 'setpass'] as const) {
      const error: unknown = await Promise.resolve(
        handlers[operation](withPassword(operation, 'alice', secrets.user)),
      ).then(
        () => assert.fail('it should fail'),
        (reason) => reason,
      )
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter[23]/)
    }
  }
})

/** A port that leads to another one, and everything that is sent to it, as text. */
async function listenIn(t: TestContext, target: number) {
  const chunks: Buffer[] = []
  const sockets: Socket[] = []
  const listener = createServer((inner) => {
    const outer = connect(target, '127.0.0.1')
    sockets.push(inner, outer)
    for (const socket of [inner, outer]) socket.on('error', () => {})
    inner
      .on('data', (chunk) => chunks.push(chunk))
      .pipe(outer)
      .pipe(inner)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const cut = () => {
    for (const socket of sockets.splice(0)) socket.destroy()
  }
  t.after(() => {
    cut()
    listener.close()
  })
  return {
    port: (listener.address() as AddressInfo).port,
    heard: () => Buffer.concat(chunks).toString(),
    cut,
  }
}
