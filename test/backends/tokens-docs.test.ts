import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { importHandlers } from '../../src/handlers-module.ts'
import { temporaryStore } from '../accounts/support.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { blocks, installedFolder, read } from '../helpers/documents.ts'
import { PROGRAM } from '../program/support.ts'
import { type Asked, type Reply, startJsonServer } from './json-server.ts'
import { auth, now, rsaPair, signed } from './jwt-support.ts'

const { folder, remove } = installedFolder(PROGRAM)
after(remove)

const [keycloak = '', secret = '', maker = '', chain = '', introspection = '', userinfo = '', ...others] =
  blocks(read('docs/tokens.md'), 'js')
const KEY = rsaPair('rsa')

test('every module of the page is tried below', () => assert.deepEqual(others, []))

/** A module of the page, as printed but for the addresses and paths. */
function write(name: string, code: string, places: Record<string, string>): string {
  const file = join(folder, `${name}.mjs`)
  let text = code.replaceAll('/etc/ejabberd', folder)
  for (const [from, to] of Object.entries(places)) {
    assert.ok(text.includes(from), `${name} has no ${from}`)
    text = text.replaceAll(from, to)
  }
  writeFileSync(file, text)
  return file
}

/** A module of the page with a Keycloak of ours. */
async function load(
  t: TestContext,
  name: string,
  code: string,
  answer: (asked: Asked) => Reply,
  places = {},
) {
  const server = await startJsonServer(t, answer)
  const file = write(name, code, { 'https://id.example.org': server.url, ...places })
  const handlers = await importHandlers(file)
  t.after(() => handlers.close?.())
  return { handlers, realm: `${server.url}/realms/chat` }
}

const certs = ({ path }: Asked): Reply =>
  path === '/realms/chat/protocol/openid-connect/certs' ? { body: { keys: [KEY.jwk] } } : { status: 404 }

const claims = (realm: string, other = {}) => ({
  iss: realm,
  aud: ['account', 'ejabberd'],
  typ: 'Bearer',
  sub: 'e89175d5-94fd-453a-8abb-9953d59d04cf',
  preferred_username: 'alice',
  exp: now() + 60,
  ...other,
})

test('the command that shows what a token says works as printed', async () => {
  const [, command = assert.fail('there is none')] =
    /`([^`]+ < token\.txt)`/.exec(read('docs/tokens.md')) ?? []
  // In Base64 these have the characters in which that of URLs differs, and padding.
  const token = await signed(KEY, { sub: '\u00ff\u00fe>>>???', name: 'x' })
  assert.match(token.split('.')[1] ?? '', /[-_]/)
  writeFileSync(join(folder, 'token.txt'), `${token}\n`)
  const said = execFileSync('/bin/sh', ['-c', command], { cwd: folder, encoding: 'utf8' })
  assert.deepEqual(JSON.parse(said), { sub: '\u00ff\u00fe>>>???', name: 'x' })
})

test('the recipe for Keycloak works as printed', async (t) => {
  const { handlers, realm } = await load(t, 'keycloak', keycloak, certs)
  assert.equal(await auth(handlers, await signed(KEY, claims(realm))), true)
  assert.equal(await auth(handlers, await signed(KEY, claims(realm)), 'bob'), false)
  assert.equal(await auth(handlers, await signed(KEY, claims(realm, { typ: 'ID' }))), false)
  assert.equal(await auth(handlers, await signed(KEY, claims(realm, { aud: 'account' }))), false)
})

test('the recipe for a shared secret, and the maker of its tokens, work as printed', async () => {
  writeFileSync(join(folder, 'chat.secret'), execFileSync('openssl', ['rand', '-base64', '48']))
  const handlers = await importHandlers(write('secret', secret, {}))
  const file = write('maker', maker, {})
  const token = execFileSync(process.execPath, [file, 'alice'], { encoding: 'utf8' }).trim()
  assert.equal(await auth(handlers, token), true)
  assert.equal(await auth(handlers, token, 'bob'), false)
})

test('the chain of tokens and passwords works as printed', async (t) => {
  const store = await temporaryStore(t)
  const places = { '/var/lib/ejabberd/accounts': store.directory }
  const { handlers, realm } = await load(t, 'chain', chain, certs, places)
  const request = { user: 'alice', server: 'example.org', signal: new AbortController().signal }
  assert.equal(await handlers.isuser?.({ operation: 'isuser', ...request }), false)
  const password = 'pa:ss'
  assert.equal(await handlers.auth?.({ operation: 'auth', ...request, password }), false)
  await store.create('alice', 'example.org', cheapHash('pa:ss'))
  assert.equal(await handlers.auth?.({ operation: 'auth', ...request, password }), true)
  assert.equal(await handlers.isuser?.({ operation: 'isuser', ...request }), true)
  assert.equal(await auth(handlers, await signed(KEY, claims(realm))), true)
})

test('the recipe for introspection works as printed', async (t) => {
  writeFileSync(join(folder, 'client.secret'), 'hidden\n')
  let realm = ''
  const answer = ({ path, headers, body }: Asked): Reply => {
    if (path !== '/realms/chat/protocol/openid-connect/token/introspect') return { status: 404 }
    if (headers['authorization'] !== `Basic ${btoa('ejabberd:hidden')}`) return { status: 401 }
    const active = new URLSearchParams(body).get('token') === 'good'
    return { body: active ? { active, username: 'alice', ...claims(realm) } : { active } }
  }
  const { handlers, realm: ours } = await load(t, 'introspection', introspection, answer)
  realm = ours
  assert.equal(await auth(handlers, 'good'), true)
  assert.equal(await auth(handlers, 'good', 'bob'), false)
  assert.equal(await auth(handlers, 'bad'), false)
})

test('the recipe for userinfo works as printed', async (t) => {
  const answer = ({ path, headers }: Asked): Reply => {
    if (path !== '/realms/chat/protocol/openid-connect/userinfo') return { status: 404 }
    return headers['authorization'] === 'Bearer good'
      ? { body: { preferred_username: 'alice' } }
      : { status: 401 }
  }
  const { handlers } = await load(t, 'userinfo', userinfo, answer)
  assert.equal(await auth(handlers, 'good'), true)
  assert.equal(await auth(handlers, 'bad'), false)
})
