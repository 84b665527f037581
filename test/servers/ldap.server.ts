/** The ldap backend on a real OpenLDAP: what it answers. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { LdapOptions } from '../../src/backends/ldap.ts'
import type { Handlers, Operation } from '../../src/handlers.ts'
import { named, PASSWORD, SERVER, testBackend, withPassword } from '../backends/contract.ts'
import { blocks, installedFolder, read } from '../helpers/documents.ts'
import { PROGRAM } from '../program/support.ts'
import { login, plainly, reach, SEARCH } from './support/ldap.ts'
import { replaceOnce } from './support/recipes.ts'
import { line, PEOPLE, person, SERVICE_PASSWORD, type Slapd, SUFFIX, startSlapd } from './support/slapd.ts'

/** Names that mean something to a filter or a distinguished name, and how the entry of each is named. */
const ODD_NAMES: readonly (readonly [name: string, rdn: string])[] = [
  ['jürgen', 'uid=jürgen'],
  ['张三', 'uid=张三'],
  ['a*b', 'uid=a*b'],
  ['a(b)c', 'uid=a(b)c'],
  ['back\\slash', 'uid=back\\\\slash'],
  ['doe,john', 'uid=doe\\,john'],
  ['x+y=z', 'uid=x\\+y\\=z'],
  ['#hash', 'uid=\\#hash'],
  ['semi;colon', 'uid=semi\\;colon'],
  ['john smith', 'uid=john smith'],
]

const ENTRIES = [
  person('uid=alice', 'alice', PASSWORD),
  ...ODD_NAMES.map(([name, rdn]) => person(rdn, name, `of ${name}`)),
  // Twins: one search finds both of them.
  person('cn=twin 1', 'twin', 'twin'),
  person('cn=twin 2', 'twin', 'twin'),
  person('cn=Doe\\, John (chat)', 'john', 'john'),
  person('uid=whole', `whole@${SERVER}`, 'jid'),
  person('uid=nopassword', 'nopassword', undefined),
  person('uid=locked', 'locked', 'locked', 'pwdAccountLockedTime: 000001010000Z'),
  person('uid=expired', 'expired', 'expired', 'pwdChangedTime: 20010101000000Z'),
  person('uid=deep,uid=alice', 'deep', 'deep'),
  `dn: uid=elsewhere,${PEOPLE}\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid: elsewhere\n${line('userPassword', 'x')}`,
  `dn: cn=chat,ou=groups,${SUFFIX}\nobjectClass: groupOfNames\ncn: chat\nmember: uid=alice,${PEOPLE}\n${line('member', `cn=Doe\\, John (chat),${PEOPLE}`)}`,
  `dn: cn=default,ou=policies,${SUFFIX}\nobjectClass: organizationalRole\nobjectClass: pwdPolicy\ncn: default\npwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxAge: 100000000\npwdMinLength: 1\npwdCheckQuality: 1`,
  `dn: cn=strict,ou=policies,${SUFFIX}\nobjectClass: organizationalRole\nobjectClass: pwdPolicy\ncn: strict\npwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 2\npwdMinLength: 8\npwdCheckQuality: 2`,
  person('uid=guarded', 'guarded', 'guarded-by-policy', `pwdPolicySubentry: cn=strict,ou=policies,${SUFFIX}`),
]

const PPOLICY = `overlay ppolicy\nppolicy_default "cn=default,ou=policies,${SUFFIX}"`

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
  server = await startSlapd({ entries: ENTRIES, database: PPOLICY, global: 'allow bind_anon_cred' })
})
after(() => server?.dispose())

const options = (changes: Partial<LdapOptions>) => (port: number) => ({ ...plainly(port), ...changes })
const byName = (port: number) => {
  const { filter: _filter, ...others } = plainly(port)
  return { ...others, userDn: `uid=%u,${PEOPLE}` }
}

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

  conforms('with a search', ['auth', 'isuser', 'setpass'], options({ setpass: true }))
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
    const { handlers } = await reach(t, server, options({ base: `ou=%d,${SUFFIX}` }))
    const ask = async (host: string) =>
      handlers.auth({ ...withPassword('auth', 'alice', PASSWORD), server: host })
    assert.equal(await ask('people'), true)
    assert.equal(await ask('groups'), false)
    await assert.rejects(ask(`people,${SUFFIX}`), { code: 'ERR_BACKEND' })
  })

  test('the whole JID can be what is searched for', async (t) => {
    const { handlers } = await reach(t, server, options({ filter: '(uid=%j)' }))
    const ask = async (host: string) =>
      handlers.auth({ ...withPassword('auth', 'whole', 'jid'), server: host })
    assert.equal(await ask(SERVER), true)
    assert.equal(await ask('other.example'), false)
  })

  test('the scope says how deep users may be', async (t) => {
    for (const scope of ['sub', 'one'] as const) {
      const { handlers } = await reach(t, server, options({ scope }))
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
    const { handlers } = await reach(t, server, options({ setpass: true }))
    const ambiguous = { code: 'ERR_BACKEND', message: /2 entries for one user/ }
    await assert.rejects(login(handlers, 'twin', 'twin'), ambiguous)
    await assert.rejects(async () => handlers.isuser(named('isuser', 'twin')), ambiguous)
    await assert.rejects(async () => handlers.setpass(withPassword('setpass', 'twin', 'new')), ambiguous)
  })
})

describe('a group', () => {
  const group = { base: `ou=groups,${SUFFIX}`, filter: '(&(objectClass=groupOfNames)(cn=chat)(member=%D))' }

  test('a member may log in, whatever the name of the entry has in it', async (t) => {
    const { handlers } = await reach(t, server, options({ group }))
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'john', 'john'), true)
    assert.equal(await handlers.isuser(named('isuser', 'john')), true)
  })

  test('who is no member is nobody, with the right password, too', async (t) => {
    const { handlers } = await reach(t, server, options({ group, setpass: true }))
    assert.equal(await login(handlers, 'of jürgen', 'jürgen'), false)
    assert.equal(await handlers.isuser(named('isuser', 'jürgen')), false)
    assert.equal(await handlers.setpass(withPassword('setpass', 'jürgen', 'other')), false)
  })

  test('a group that is not there has no members', async (t) => {
    const { handlers } = await reach(
      t,
      server,
      options({ group: { ...group, filter: '(&(cn=gone)(member=%D))' } }),
    )
    assert.equal(await login(handlers), false)
  })

  test('a place for groups that is not there is an error', async (t) => {
    const { handlers } = await reach(t, server, options({ group: { ...group, base: `ou=gone,${SUFFIX}` } }))
    await assert.rejects(login(handlers), { code: 'ERR_BACKEND' })
    assert.equal(await login(handlers, 'wrong'), false)
  })

  test('it may be asked for by the name of the user', async (t) => {
    const { handlers } = await reach(t, server, options({ group: { filter: '(&(uid=%u)(!(uid=john)))' } }))
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'john', 'john'), false)
  })
})

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
      `dn: uid=alice,${PEOPLE}\nchangetype: modify\nreplace: pwdPolicySubentry\npwdPolicySubentry: cn=strict,ou=policies,${SUFFIX}`,
    )
    t.after(() => server.modify(`dn: uid=alice,${PEOPLE}\nchangetype: modify\ndelete: pwdPolicySubentry`))
    const { handlers } = await reach(t, server, options({ setpass: true }))
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
      const { handlers } = await reach(t, server, options(changes))
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
    const { handlers } = await reach(t, server, options({ filter: '(nonsense=%u)' }))
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
  for (const way of [plainly, byName, options({ group })]) {
    const wrong = await counted(way, 'alice')
    assert.deepEqual(await counted(way, 'nobody'), wrong)
    if (way !== byName)
      assert.deepEqual(await counted(way, ' alice'), { ...wrong, searches: wrong.searches - 1 })
  }
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

describe('a server that is open to all, and has parts elsewhere', () => {
  let open: Slapd
  before(async () => {
    open = await startSlapd({
      entries: [
        person('uid=alice', 'alice', PASSWORD),
        person('cn=twin 1', 'twin', 'twin'),
        person('cn=twin 2', 'twin', 'twin'),
        `dn: ou=away,${SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nou: away\nref: ldap://away.example/ou=away,${SUFFIX}`,
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
      await assert.rejects(answer, { message: /quotes the password and is left out/ })
    }
  })
})

describe('the page about it', () => {
  const [openLdap = '', activeDirectory = '', ...others] = blocks(read('docs/ldap.md'), 'js')
  const passwordFile = "'/etc/ejabberd/ldap-password'"
  const caFile = "'/etc/ssl/certs/example-ca.pem'"

  /** Writes a module of the page where the package is installed, with other places in it, and loads it. */
  async function load(t: TestContext, code: string, places: Readonly<Record<string, string>>) {
    const { folder, remove } = installedFolder(PROGRAM)
    t.after(remove)
    let changed = code
    const files = { [passwordFile]: SERVICE_PASSWORD, [caFile]: server.ca }
    for (const [path, content] of Object.entries(files)) {
      const file = join(folder, basename(path))
      writeFileSync(file, `${content}\n`)
      changed = replaceOnce(changed, path, JSON.stringify(file))
    }
    for (const [from, to] of Object.entries(places)) changed = replaceOnce(changed, from, to)
    const file = join(folder, 'handlers.mjs')
    writeFileSync(file, changed)
    const { default: handlers } = (await import(pathToFileURL(file).href)) as { default: Required<Handlers> }
    t.after(() => handlers.close())
    return handlers
  }

  test('has no module that is not tested', () => assert.equal(others.length, 0))

  test('has a module for OpenLDAP that works as printed', async (t) => {
    await reach(t, server)
    const handlers = await load(t, openLdap, {
      'ldaps://ldap1.example.org': 'ldaps://127.0.0.1:1',
      'ldaps://ldap2.example.org': `ldaps://localhost:${server.securePort}`,
    })
    assert.equal(await login(handlers), true)
    assert.equal(await login(handlers, 'wrong'), false)
    assert.equal(await login(handlers, 'of jürgen', 'jürgen'), false)
    assert.equal(await handlers.isuser(named('isuser', 'john')), true)
    assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
    assert.equal(await login(handlers, 'new'), true)
  })

  test('has a module for Active Directory that is at least understood', async (t) => {
    const handlers = await load(t, activeDirectory, {})
    assert.deepEqual(Object.keys(handlers).sort(), ['auth', 'close', 'isuser'])
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
