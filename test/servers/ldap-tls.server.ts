/** The ldap backend on a real OpenLDAP: TLS, and what must stay secret. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { type LdapOptions, ldap } from '../../src/backends/ldap.ts'
import type { Handlers } from '../../src/handlers.ts'
import { PASSWORD, withPassword } from '../backends/contract.ts'
import { byName, login, plainlyWith, reach, securelyWith } from './support/ldap.ts'
import { person, SERVICE_PASSWORD, type Slapd, SUFFIX, startSlapd } from './support/slapd.ts'

let server: Slapd
/** Another one, with the same entries and an authority of its own. */
let other: Slapd
before(async () => {
  const entries = [person('uid=alice', 'alice', PASSWORD)]
  server = await startSlapd({ entries })
  other = await startSlapd({ entries })
})
after(async () => {
  await server?.dispose()
  await other?.dispose()
})

describe('TLS', () => {
  const works = (title: string, changes: Partial<LdapOptions>) =>
    test(`works with ${title}`, async (t) => {
      const tls = await reach(t, server, securelyWith(server.ca, changes), server.securePort)
      assert.equal(await login(tls.handlers), true)
      const startTls = await reach(t, server, plainlyWith({ startTls: true, ca: server.ca, ...changes }))
      assert.equal(await login(startTls.handlers), true)
    })
  const isRefused = (title: string, changes: () => Partial<LdapOptions>, message: RegExp) =>
    test(`${title} is an error that says so, and another attempt does not help`, async (t) => {
      const failure = { code: 'ERR_BACKEND', message }
      const tls = await reach(t, server, securelyWith(server.ca, changes()), server.securePort)
      await assert.rejects(login(tls.handlers), failure)
      const startTls = await reach(t, server, plainlyWith({ startTls: true, ca: server.ca, ...changes() }))
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
    const { handlers } = await reach(t, server, securelyWith(server.ca, { ca: other.ca }), server.securePort)
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND' })
  })

  test('ldaps:// where something else is spoken is an error', async (t) => {
    const web = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await once(web.listen(0, '127.0.0.1'), 'listening')
    t.after(() => web.close())
    const { handlers } = await reach(t, server, securelyWith(server.ca), (web.address() as AddressInfo).port)
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND', message: /TLS failed: .*ERR_SSL/ })
  })

  test('of what is said nothing can be read with StartTLS, also after the connection was lost', async (t) => {
    for (const startTls of [true, false]) {
      const wire = await listenIn(t, server.port)
      const handlers = ldap(
        plainlyWith({ patience: 0, startTls, ca: server.ca })(wire.port),
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

test('what somebody puts on the wire before TLS is no answer to what is asked within', async (t) => {
  // "The login is allowed", but for the last byte, which may be any: the first of the server's own answer.
  const smuggled = Buffer.from('300d 020103 6108 0a0100 0400 0401'.replaceAll(' ', ''), 'hex')
  const wire = await smuggle(t, server.port, smuggled)
  const handlers = ldap({
    ...byName(wire.port),
    patience: 0,
    startTls: true,
    ca: server.ca,
  }) as Required<Handlers>
  t.after(() => handlers.close())
  await assert.rejects(login(handlers, 'wrong'), { code: 'ERR_BACKEND', message: /before TLS/ })
  assert.equal(wire.smuggled(), true)
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
    const { handlers } = await reach(t, server, plainlyWith({ setpass: true, ...change }))
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

/** A port that leads to another one; the first that comes from there has other bytes behind it. */
async function smuggle(t: TestContext, target: number, bytes: Buffer) {
  const sockets: Socket[] = []
  let isDone = false
  const listener = createServer((inner) => {
    const outer = connect(target, '127.0.0.1')
    sockets.push(inner, outer)
    for (const socket of [inner, outer]) socket.on('error', () => {})
    inner.pipe(outer)
    outer.once('data', (answer) => {
      isDone = true
      inner.write(Buffer.concat([answer, bytes]))
      outer.pipe(inner)
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return { port: (listener.address() as AddressInfo).port, smuggled: () => isDone }
}
