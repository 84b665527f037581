/** The page about the ldap backend: its modules on a real OpenLDAP, which has the account and the rules of the page. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Handlers } from '../../src/handlers.ts'
import { named, withPassword } from '../backends/contract.ts'
import { blocks, installedFolder, read } from '../helpers/documents.ts'
import { PROGRAM } from '../program/support.ts'
import { login, reach } from './support/ldap.ts'
import { startPeople } from './support/ldap-people.ts'
import { replaceOnce } from './support/recipes.ts'
import { SERVICE_PASSWORD, type Slapd } from './support/slapd.ts'

let server: Slapd
before(async () => {
  server = await startPeople()
})
after(() => server?.dispose())

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

test('the page has no module that is not tested', () => assert.equal(others.length, 0))

test('the page has a module for OpenLDAP that works as printed', async (t) => {
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

test('the page has a module for Active Directory that is at least understood', async (t) => {
  const handlers = await load(t, activeDirectory, {})
  assert.deepEqual(Object.keys(handlers).sort(), ['auth', 'close', 'isuser'])
})
