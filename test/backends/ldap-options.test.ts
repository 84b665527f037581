/** What the ldap backend says to options, before it asks anybody. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import * as ldapts from 'ldapts'
import { type LdapOptions, ldap } from '../../src/backends/ldap.ts'

const SECRET = 's3cret-of-the-service'
const RIGHT: LdapOptions = {
  url: 'ldaps://ldap.example.org',
  bindDn: 'cn=ejabberd,dc=example,dc=org',
  bindPassword: SECRET,
  base: 'ou=people,dc=example,dc=org',
  filter: '(uid=%u)',
}
const { filter: _filter, base: _base, ...WITHOUT_SEARCH } = RIGHT
const USER_DN = 'uid=%u,ou=people,dc=example,dc=org'

describe('options that are refused', () => {
  const refused = (changes: Record<string, unknown>, message: RegExp) =>
    test(`${JSON.stringify(changes)}: ${message.source}`, () => {
      assert.throws(
        () => ldap({ ...RIGHT, ...changes } as LdapOptions),
        (error: Error) => {
          assert.equal(error.constructor, TypeError)
          assert.match(error.message, message)
          assert.doesNotMatch(error.message, /s3cret/)
          return true
        },
      )
    })

  refused({ url: undefined }, /`url` of ldap to be a URL .*, got nothing/)
  refused({ url: 'ldap.example.org' }, /`url`/)
  refused({ url: 'https://ldap.example.org' }, /ldap:\/\/ or ldaps:\/\//)
  refused({ url: `ldaps://cn=x:${SECRET}@ldap.example.org` }, /`url`.*without a password/)
  refused({ url: [] }, /`url`/)
  refused({ url: ['ldaps://a', 'http://b'] }, /`url\[1\]` of ldap/)
  refused({ url: 'ldaps://ldap.example.org/dc=example,dc=org' }, /`url`.*nothing else/)
  refused({ url: 'ldaps://ldap.example.org?uid' }, /`url`/)
  refused({ url: 'ldaps://' }, /`url`/)
  refused(
    { url: 'ldap://ldap.example.org' },
    /`startTls` of ldap to be true.*ldap.example.org unencrypted.*`insecure/,
  )
  refused({ url: ['ldaps://a.example', 'ldap://b.example'] }, /b.example unencrypted/)
  refused({ url: 'ldap://127.example.org' }, /unencrypted/)
  refused({ url: 'ldap://localhost.example.org' }, /unencrypted/)
  refused({ startTls: true }, /`startTls`.*left out beside ldaps/)
  refused({ startTls: 'yes' }, /`startTls` of ldap to be true or false/)
  refused({ insecure: 1 }, /`insecure` of ldap to be true or false/)
  refused({ servername: '10.0.0.1' }, /`servername`.*not an address/)
  refused({ bindDn: undefined }, /`bindDn`.*beside `bindPassword`/)
  refused({ bindPassword: undefined }, /`bindPassword`.*beside `bindDn`, got nothing/)
  refused({ bindPassword: '' }, /`bindPassword`/)
  refused({ bindPassword: [SECRET] }, /`bindPassword`.*array/)
  refused({ bindDn: undefined, bindPassword: undefined, setpass: true }, /`bindDn`.*beside `setpass`/)
  refused({ base: undefined }, /`base`.*got nothing/)
  refused({ base: '' }, /`base`/)
  refused({ base: 'people' }, /`base`/)
  refused({ base: 'ou=%u,dc=example' }, /`base`/)
  refused({ scope: 'base' }, /`scope` of ldap to be one of sub, one/)
  refused({ filter: undefined }, /`filter`.*or `userDn`, got nothing/)
  refused({ filter: '(uid=alice)' }, /`filter` of ldap to be a filter with %u or %j/)
  refused({ filter: '(o=%d)' }, /`filter`.*%u or %j/)
  refused({ filter: '(uid=%%u)' }, /`filter`.*%u or %j/)
  refused({ filter: '(uid=%s%u)' }, /`filter`/)
  refused({ filter: '(&(uid=%u)(member=%D))' }, /`filter`/)
  refused({ filter: 'uid=%u' }, /`filter`/)
  refused({ filter: '(uid=%u))' }, /`filter`/)
  refused({ userDn: USER_DN }, /`filter`.*left out beside `userDn`/)
  refused({ filter: undefined, userDn: 'uid=alice,dc=org' }, /`userDn`.*%u or %j/)
  refused({ filter: undefined, userDn: '%u' }, /`userDn`/)
  refused({ filter: undefined, userDn: '%u=x,dc=org' }, /`userDn`/)
  refused({ group: 'chat' }, /`group` of ldap/)
  refused({ group: {} }, /`filter` of the group of ldap.*got nothing/)
  refused({ group: { filter: '(cn=chat)' } }, /`filter` of the group of ldap.*%D/)
  refused({ group: { filter: '(member=%D)', bas: 'dc=org' } }, /the group of ldap has no option `bas`.*base/)
  refused(
    { filter: undefined, base: undefined, userDn: USER_DN, group: { filter: '(member=%D)' } },
    /`base` of the group/,
  )
  refused({ setpass: 'yes' }, /`setpass`/)
  for (const name of ['connectTimeout', 'timeout']) {
    refused({ [name]: 0 }, /Timeout`|`timeout`/)
    refused({ [name]: 2 ** 31 }, /from 1 to 2147483647/)
    refused({ [name]: '3' }, /from 1 to 2147483647/)
  }
  refused({ patience: Number.NaN }, /`patience`/)
  refused({ ldapts: {} }, /`ldapts`/)
  refused({ bindpassword: 'x' }, /no option `bindpassword`.*bindPassword/)
})

describe('options that are taken', () => {
  const taken = (title: string, options: LdapOptions, operations = ['auth', 'isuser']) =>
    test(title, async () => {
      const { close, ...handlers } = ldap(options)
      assert.deepEqual(Object.keys(handlers).sort(), operations)
      await close?.()
    })

  taken('a search', RIGHT)
  taken('several servers', { ...RIGHT, url: ['ldaps://a:636', 'ldaps://b/'] })
  taken('StartTLS', { ...RIGHT, url: 'ldap://ldap.example.org', startTls: true })
  taken('a search as nobody', { url: RIGHT.url, base: 'o=%d,dc=example', filter: '(mail=%j)' })
  taken('no search', { ...WITHOUT_SEARCH, userDn: USER_DN })
  taken('password changes', { ...RIGHT, setpass: true }, ['auth', 'isuser', 'setpass'])
  taken('no password changes', { ...RIGHT, setpass: false })
  taken('the least and the most of time', { ...RIGHT, connectTimeout: 1, timeout: 2 ** 31 - 1, patience: 0 })
  taken('the package itself', { ...RIGHT, ldapts })
  taken('a group elsewhere', { ...RIGHT, group: { base: 'ou=groups,dc=org', filter: '(memberUid=%u)' } })
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
    taken(`this machine without TLS: ${host}`, { ...RIGHT, url: `ldap://${host}:3389` })
  taken('another machine without TLS, if that is wanted', { ...RIGHT, url: 'ldap://ldap', insecure: true })
})

test('nobody is connected to before the first request', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await ldap({ ...RIGHT, url: `ldap://127.0.0.1:${port}` }).close?.()
  const ours = connect(port, '127.0.0.1')
  t.after(() => ours.destroy())
  const [[first]] = await Promise.all([
    once(server, 'connection') as Promise<[Socket]>,
    once(ours, 'connect'),
  ])
  assert.equal(first.remotePort, ours.localPort)
})
