/** The ldap backend on a real OpenLDAP: what becomes of what the server answers. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LdapOptions } from '../../src/backends/ldap.ts'
import type { Operation } from '../../src/handlers.ts'
import { named, PASSWORD, testBackend, withPassword } from '../backends/contract.ts'
import { ALICE, byName, login, plainly, plainlyWith, reach, SEARCH } from './support/ldap.ts'
import { STRICT, startPeople } from './support/ldap-people.ts'
import { entry, person, type Slapd, SUFFIX, startSlapd } from './support/slapd.ts'

/** What a server may answer to a bind (RFC 4511, appendix A), and what it means. */
const RESULT_CODES: readonly (readonly [code: number, outcome: string])[] = [
  [1, 'ERR_BACKEND'],
  [2, 'ERR_BACKEND'],
  [3, 'ERR_UNAVAILABLE'],
  [7, 'ERR_BACKEND'],
  [8, 'ERR_BACKEND'],
  [10, 'ERR_BACKEND'],
  [11, 'ERR_BACKEND'],
  [13, 'ERR_BACKEND'],
  [14, 'ERR_BACKEND'],
  [19, 'refused'],
  [32, 'refused'],
  [34, 'ERR_BACKEND'],
  [48, 'refused'],
  [49, 'refused'],
  [50, 'ERR_BACKEND'],
  [51, 'ERR_UNAVAILABLE'],
  [52, 'ERR_UNAVAILABLE'],
  [53, 'refused'],
  [80, 'ERR_BACKEND'],
  [123, 'ERR_BACKEND'],
]

const CODES = RESULT_CODES.map(
  ([code]) => `retcode-item "cn=answers ${code}" ${code} op=bind text="an answer of the tests"`,
).join('\n')

let server: Slapd
before(async () => {
  server = await startPeople()
})
after(() => server?.dispose())

describe('what the server does not allow', () => {
  const refused = (title: string, user: string, password: string) =>
    test(`${title} is refused`, async (t) => {
      const { handlers } = await reach(t, server)
      assert.equal(await login(handlers, password, user), false)
      assert.equal(await handlers.isuser(named('isuser', user)), true)
    })

  refused('a locked account', 'locked', 'locked')
  refused('an expired password', 'expired', 'expired')
  refused('an entry without a password', 'nopassword', 'x')

  test('the server counts wrong passwords, and that of an unknown user is nobody’s', async (t) => {
    const { handlers } = await reach(t, server)
    assert.equal(await login(handlers, 'guarded-by-policy', 'guarded'), true)
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.equal(await login(handlers, 'wrong', 'guarded'), false)
      assert.equal(await login(handlers, 'wrong', 'nobody'), false)
    }
    assert.equal(await login(handlers, 'guarded-by-policy', 'guarded'), false)
    assert.equal(await login(handlers), true)
  })

  test('an empty password is nobody’s, though a server takes it for a login as nobody', async (t) => {
    for (const way of [plainly, byName]) {
      const { handlers } = await reach(t, server, (port) => ({ ...way(port), setpass: true }))
      assert.equal(await login(handlers, ''), false)
      assert.equal(await handlers.setpass(withPassword('setpass', 'alice', '')), false)
    }
  })

  test('a new password that does not please the policy is refused, and the old one stays', async (t) => {
    await server.modify(
      `dn: ${ALICE}\nchangetype: modify\nreplace: pwdPolicySubentry\npwdPolicySubentry: ${STRICT}`,
    )
    t.after(() => server.modify(`dn: ${ALICE}\nchangetype: modify\ndelete: pwdPolicySubentry`))
    const { handlers } = await reach(t, server, plainlyWith({ setpass: true }))
    assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'short')), false)
    assert.equal(await login(handlers), true)
    assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'long enough')), true)
    assert.equal(await login(handlers, 'long enough'), true)
  })
})

describe('the account that searches', () => {
  const refused = (
    title: string,
    changes: Partial<LdapOptions>,
    message: RegExp,
    operation: Operation = 'isuser',
  ) =>
    test(`${title} is an error, and no refusal`, async (t) => {
      const { handlers } = await reach(t, server, plainlyWith(changes))
      for (const user of ['alice', 'nobody']) {
        await assert.rejects(async () => handlers[operation](withPassword('auth', user, PASSWORD) as never), {
          code: 'ERR_BACKEND',
          message,
        })
      }
    })

  for (const operation of ['auth', 'isuser'] as const) {
    refused('its wrong password', { bindPassword: 'wr0ng' }, /refuses `bindDn`.*Code: 0x31/, operation)
    refused('its wrong name', { bindDn: `cn=gone,${SUFFIX}` }, /refuses `bindDn`.*Code: 0x31/, operation)
    refused('a name of it that is none', { bindDn: 'gone' }, /Code: 0x22/, operation)
    refused('a base that is not there', { base: `ou=gone,${SUFFIX}` }, /Code: 0x20 .*`base`/, operation)
  }

  test('nothing that it may not see is there', async (t) => {
    const { bindDn: _bindDn, bindPassword: _bindPassword, ...nobody } = SEARCH
    const { handlers } = await reach(t, server, (port) => ({ ...nobody, url: `ldap://127.0.0.1:${port}` }))
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND', message: /may `bindDn` see it/ })
  })

  test('an attribute of a filter that there is not finds nobody', async (t) => {
    const { handlers } = await reach(t, server, plainlyWith({ filter: '(nonsense=%u)' }))
    assert.equal(await login(handlers), false)
  })
})

test('an unknown user costs the server what a wrong password costs', async (t) => {
  const counted = async (optionsFor: (port: number) => LdapOptions, user: string) => {
    const { handlers } = await reach(t, server, optionsFor)
    assert.equal(await login(handlers, 'wrong', user), false)
    const before = await server.countOperations()
    assert.equal(await login(handlers, 'wrong', user), false)
    const afterwards = await server.countOperations()
    return { binds: afterwards.binds - before.binds, searches: afterwards.searches - before.searches }
  }
  const group = { base: `ou=groups,${SUFFIX}`, filter: '(member=%D)' }
  for (const way of [plainly, byName, plainlyWith({ group })]) {
    const wrong = await counted(way, 'alice')
    assert.deepEqual(await counted(way, 'nobody'), wrong)
    if (way !== byName)
      assert.deepEqual(await counted(way, ' alice'), { ...wrong, searches: wrong.searches - 1 })
  }
})

describe('a server that is open to all, and has parts elsewhere', () => {
  let open: Slapd
  before(async () => {
    open = await startSlapd({
      entries: [
        person('uid=alice', 'alice', PASSWORD),
        person('cn=twin 1', 'twin', 'twin'),
        person('cn=twin 2', 'twin', 'twin'),
        entry(
          `ou=away,${SUFFIX}`,
          ['referral', 'extensibleObject'],
          'ou: away',
          `ref: ldap://away.example/ou=away,${SUFFIX}`,
        ),
      ],
      access: 'access to attrs=userPassword by anonymous auth by * none\naccess to * by * read',
      global: 'referral ldap://other.example\nsizelimit 1\nmoduleload retcode.so',
      database: `overlay retcode\nretcode-parent "ou=codes,${SUFFIX}"\n${CODES}`,
    })
  })
  after(() => open?.dispose())

  const asNobody = (changes: Partial<LdapOptions>) => (port: number) => {
    const { bindDn: _bindDn, bindPassword: _bindPassword, ...others } = plainly(port)
    return { ...others, ...changes }
  }
  const below = (dn: string) => (port: number) => ({
    url: `ldap://127.0.0.1:${port}`,
    userDn: `cn=%u,${dn}`,
  })

  testBackend({
    name: 'ldap as nobody',
    operations: ['auth', 'isuser'],
    setUp: async (t) => {
      const { gate, handlers } = await reach(t, open, asNobody({}))
      return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
    },
  })

  test('one of several entries is not taken for the only one because the server hands out no more', async (t) => {
    const { handlers } = await reach(t, open, asNobody({}))
    await assert.rejects(login(handlers, 'twin', 'twin'), {
      code: 'ERR_BACKEND',
      message: /finds more entries than the server hands out/,
    })
  })

  test('a search that leads to another server is an error', async (t) => {
    const { handlers } = await reach(t, open, asNobody({ base: SUFFIX }))
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND', message: /referrals are not followed/ })
  })

  test('a base that is on another server is an error', async (t) => {
    const { handlers } = await reach(t, open, asNobody({ base: 'dc=other,dc=example' }))
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND', message: /referrals are not followed/ })
  })

  test('a user who is on another server is an error', async (t) => {
    const { handlers } = await reach(t, open, below(`ou=away,${SUFFIX}`))
    await assert.rejects(async () => handlers.isuser(named('isuser', 'alice')), {
      code: 'ERR_BACKEND',
      message: /referrals are not followed/,
    })
  })

  for (const [code, outcome] of RESULT_CODES) {
    test(`a bind that is answered with ${code} is ${outcome}`, async (t) => {
      const { handlers } = await reach(t, open, below(`ou=codes,${SUFFIX}`))
      const answer = login(handlers, PASSWORD, `answers ${code}`)
      if (outcome === 'refused') return assert.equal(await answer, false)
      await assert.rejects(answer, (error: Error & { code: string }) => {
        assert.equal(error.code, outcome)
        assert.match(error.message, /an answer of the tests/)
        return true
      })
    })
  }

  test('what the server says is left out if it quotes a password', async (t) => {
    const { handlers } = await reach(t, open, below(`ou=codes,${SUFFIX}`))
    for (const user of ['answers 80', 'answers 51']) {
      const answer = login(handlers, 'swer of the tes', user)
      await assert.rejects(answer, { message: /may quote the password and is left out/ })
    }
  })
})

describe('a server that wants encryption', () => {
  let strict: Slapd
  before(async () => {
    strict = await startSlapd({
      entries: [person('uid=alice', 'alice', PASSWORD)],
      global: 'security ssf=71',
    })
  })
  after(() => strict?.dispose())

  test('refuses to be asked without it, which is an error', async (t) => {
    const { handlers } = await reach(t, strict)
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND', message: /ldaps:\/\/ or `startTls`/ })
  })

  test('is asked with StartTLS', async (t) => {
    const { handlers } = await reach(t, strict, (port) => ({
      ...plainly(port),
      startTls: true,
      ca: strict.ca,
    }))
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'wrong'), false)
  })
})
