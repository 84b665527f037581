/** The ldap backend with several real OpenLDAP servers. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { type LdapOptions, ldap } from '../../src/backends/ldap.ts'
import type { Handlers } from '../../src/handlers.ts'
import { PASSWORD } from '../backends/contract.ts'
import { Gate } from '../helpers/gate.ts'
import { login, SEARCH } from './support/ldap.ts'
import { person, type Slapd, startSlapd } from './support/slapd.ts'

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
