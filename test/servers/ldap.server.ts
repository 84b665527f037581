/** The ldap backend on a real OpenLDAP: the contract, and who is found. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LdapOptions } from '../../src/backends/ldap.ts'
import type { Operation } from '../../src/handlers.ts'
import { named, PASSWORD, SERVER, testBackend, withPassword } from '../backends/contract.ts'
import { byName, login, plainly, plainlyWith, reach, SEARCH } from './support/ldap.ts'
import { ODD_NAMES, startPeople } from './support/ldap-people.ts'
import { type Slapd, SUFFIX } from './support/slapd.ts'

let server: Slapd
before(async () => {
  server = await startPeople()
})
after(() => server?.dispose())

describe('the contract', () => {
  const conforms = (
    name: string,
    operations: readonly Operation[],
    optionsFor: (port: number) => LdapOptions,
    isSecure = false,
  ) =>
    testBackend({
      name: `ldap ${name}`,
      operations,
      setUp: async (t) => {
        const { gate, handlers } = await reach(
          t,
          server,
          optionsFor,
          isSecure ? server.securePort : server.port,
        )
        return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
      },
    })

  conforms('with a search', ['auth', 'isuser', 'setpass'], plainlyWith({ setpass: true }))
  conforms('without a search', ['auth', 'isuser', 'setpass'], (port) => ({ ...byName(port), setpass: true }))
  conforms(
    'over TLS',
    ['auth', 'isuser'],
    (port) => ({ ...SEARCH, url: `ldaps://127.0.0.1:${port}`, ca: server.ca }),
    true,
  )
  conforms('with StartTLS', ['auth', 'isuser'], (port) => ({
    ...plainly(port),
    startTls: true,
    ca: server.ca,
  }))
  conforms('with a group', ['auth', 'isuser', 'setpass'], (port) => ({
    ...plainly(port),
    group: { base: `ou=groups,${SUFFIX}`, filter: '(&(cn=chat)(member=%D))' },
    setpass: true,
  }))
})

describe('names', () => {
  for (const [name, rdn] of ODD_NAMES) {
    test(`${name} (${rdn}) is found, and nobody else is`, async (t) => {
      for (const way of [plainly, byName]) {
        const { handlers } = await reach(t, server, way)
        assert.equal(await handlers.isuser(named('isuser', name)), true)
        assert.equal(await login(handlers, `of ${name}`, name), true)
        assert.equal(await login(handlers, 'of somebody else', name), false)
      }
    })
  }

  test('the server of the JID chooses where to search, and is escaped', async (t) => {
    const { handlers } = await reach(t, server, plainlyWith({ base: `ou=%d,${SUFFIX}` }))
    const ask = async (host: string) =>
      handlers.auth({ ...withPassword('auth', 'alice', PASSWORD), server: host })
    assert.equal(await ask('people'), true)
    assert.equal(await ask('groups'), false)
    await assert.rejects(ask(`people,${SUFFIX}`), { code: 'ERR_BACKEND' })
  })

  test('the whole JID can be what is searched for', async (t) => {
    const { handlers } = await reach(t, server, plainlyWith({ filter: '(uid=%j)' }))
    const ask = async (host: string) =>
      handlers.auth({ ...withPassword('auth', 'whole', 'jid'), server: host })
    assert.equal(await ask(SERVER), true)
    assert.equal(await ask('other.example'), false)
  })

  test('the scope says how deep users may be', async (t) => {
    for (const scope of ['sub', 'one'] as const) {
      const { handlers } = await reach(t, server, plainlyWith({ scope }))
      assert.equal(await handlers.isuser(named('isuser', 'deep')), scope === 'sub')
      assert.equal(await login(handlers, 'deep', 'deep'), scope === 'sub')
    }
  })

  test('who does not match the rest of the filter is nobody', async (t) => {
    const { handlers } = await reach(t, server)
    assert.equal(await login(handlers, 'x', 'elsewhere'), false)
    assert.equal(await handlers.isuser(named('isuser', 'elsewhere')), false)
  })

  test('several entries for one user are an error for every operation', async (t) => {
    const { handlers } = await reach(t, server, plainlyWith({ setpass: true }))
    const ambiguous = { code: 'ERR_BACKEND', message: /2 entries for one user/ }
    await assert.rejects(login(handlers, 'twin', 'twin'), ambiguous)
    await assert.rejects(async () => handlers.isuser(named('isuser', 'twin')), ambiguous)
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'twin', 'new')), ambiguous)
  })
})

describe('a group', () => {
  const group = { base: `ou=groups,${SUFFIX}`, filter: '(&(objectClass=groupOfNames)(cn=chat)(member=%D))' }

  test('a member may log in, whatever the name of the entry has in it', async (t) => {
    const { handlers } = await reach(t, server, plainlyWith({ group }))
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'john', 'john'), true)
    assert.equal(await handlers.isuser(named('isuser', 'john')), true)
  })

  test('who is no member is nobody, with the right password, too', async (t) => {
    const { handlers } = await reach(t, server, plainlyWith({ group, setpass: true }))
    assert.equal(await login(handlers, 'of jürgen', 'jürgen'), false)
    assert.equal(await handlers.isuser(named('isuser', 'jürgen')), false)
    assert.equal(await handlers.setpass(withPassword('setpass', 'jürgen', 'other')), false)
  })

  test('a group that is not there has no members', async (t) => {
    const { handlers } = await reach(
      t,
      server,
      plainlyWith({ group: { ...group, filter: '(&(cn=gone)(member=%D))' } }),
    )
    assert.equal(await login(handlers), false)
  })

  test('a place for groups that is not there is an error', async (t) => {
    const { handlers } = await reach(
      t,
      server,
      plainlyWith({ group: { ...group, base: `ou=gone,${SUFFIX}` } }),
    )
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND' })
    assert.equal(await login(handlers, 'wrong'), false)
  })

  test('it may be asked for by the name of the user', async (t) => {
    const { handlers } = await reach(
      t,
      server,
      plainlyWith({ group: { filter: '(&(uid=%u)(!(uid=john)))' } }),
    )
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'john', 'john'), false)
  })
})

test('requests at the same time are answered each for itself', async (t) => {
  const { handlers, gate } = await reach(t, server)
  const users = [['alice', PASSWORD], ...ODD_NAMES.map(([name]) => [name, `of ${name}`])] as [
    string,
    string,
  ][]
  const logins = users.flatMap(([user, password]) => [
    login(handlers, password, user),
    login(handlers, 'wrong', user),
    login(handlers, password, 'nobody'),
  ])
  assert.deepEqual(
    await Promise.all(logins),
    users.flatMap(() => [true, false, false]),
  )
  const { connections } = gate
  for (const [user, password] of users) assert.equal(await login(handlers, password, user), true)
  assert.equal(gate.connections, connections, 'one after the other they need no new connection')
})
