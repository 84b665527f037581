/** ejabberd's own accounts move into the account store, with the commands of the page, and nobody notices. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { commandsOf, installCommands } from '../helpers/moving-in.ts'
import { type Edit, HOST, replace, withHost } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import { type Finished, run } from './support/run.ts'
import { assertRefused } from './support/stanzas.ts'

const PASSWORD = 'päss \ufb01 "w:ord"'

/** Hosts that keep passwords in each of the ways that ejabberd 23.01 has. */
const WITH_SHA1 = HOST
const WITH_SHA256 = `second.${HOST}`
const WITH_SHA512 = `third.${HOST}`
const AS_THEY_ARE = `fourth.${HOST}`

const EXTERNAL = 'auth_method: [external]'
const withInternal = (more: string) => (section: string) =>
  replace(section, EXTERNAL, `auth_method: [internal]\n    ${more}`)
const onFirstHost: Edit = (text) => {
  const [section] = /(?<=^host_config:\n) {2}example\.org:\n(?: {4}.*\n)+/m.exec(text) ?? []
  assert.ok(section !== undefined)
  return replace(text, section, withInternal('auth_password_format: scram')(section))
}

let ejabberd: Ejabberd
before(async () => {
  const scram = (digest: string) =>
    withInternal(`auth_password_format: scram\n    auth_scram_hash: ${digest}`)
  ejabberd = await startEjabberd({
    edits: [
      withHost(WITH_SHA256, scram('sha256')),
      withHost(WITH_SHA512, scram('sha512')),
      withHost(AS_THEY_ARE, withInternal('auth_password_format: plain')),
      onFirstHost,
    ],
  })
  const { installation } = ejabberd
  installCommands(join(installation.folder, 'bin'), {
    'ejabberd-extauth': [installation.places.program, '"$@"', '--accounts', installation.places.accounts],
    ejabberdctl: [installation.ejabberdctl, '"$@"'],
    // The commands are run as the user ejabberd already.
    sudo: ['/bin/sh', '-c', `'shift 2; exec "$@"'`, 'sudo', '"$@"'],
  })
})
after(() => ejabberd?.dispose())

/** Runs the commands of the page behind a marker, as the user ejabberd. */
function runPage(marker: string, input = ''): Promise<Finished> {
  const { account, environment, folder } = ejabberd.installation
  const script = commandsOf(marker).replaceAll('/var/lib/ejabberd/', `${folder}/`)
  return run('/bin/sh', ['-e', '-c', script], { ...account.ids, cwd: folder, env: environment, input })
}

test('accounts that were made with ejabberd are imported with what it keeps of their passwords', async () => {
  for (const host of [WITH_SHA1, WITH_SHA256, WITH_SHA512, AS_THEY_ARE]) {
    for (const user of ['alice', 'jürgen', '日本']) {
      const { status, stdout } = await ejabberd.ctl('register', user, host, PASSWORD)
      assert.equal(status, 0, stdout)
    }
  }
  const { status, stdout, stderr } = await runPage('ejabberd')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^imported 12, already there 0, not taken 0$/m)
  assert.equal(existsSync(join(ejabberd.installation.folder, 'passwd.txt')), false)
})

test('keys are kept as they are, and passwords are hashed', async () => {
  const args = ['account', 'export', '--accounts', ejabberd.installation.places.accounts]
  const { stdout } = await ejabberd.program(args)
  const lines = stdout.split('\n').filter((line) => line.startsWith('alice '))
  const kinds = lines.map((line) => line.split('$')[0] + (line.split('$')[1] === 'scrypt' ? 'scrypt' : ''))
  assert.deepEqual(kinds.sort(), [
    `alice ${WITH_SHA1} SCRAM-SHA-1`,
    `alice ${AS_THEY_ARE} scrypt`,
    `alice ${WITH_SHA256} SCRAM-SHA-256`,
    `alice ${WITH_SHA512} SCRAM-SHA-512`,
  ])
})

test('a second import of the same accounts changes nothing', async () => {
  const { status, stdout } = await runPage('ejabberd')
  assert.equal(status, 0)
  assert.match(stdout, /^imported 0, already there 12, not taken 0$/m)
})

test('the check of the page finds the accounts, and the right password right', async () => {
  const right = await runPage('check', `${PASSWORD}\n`)
  assert.match(right.stdout, /^3 accounts\n.*auth alice@example\.org: allowed/s)
  const wrong = await runPage('check', 'wrong\n')
  assert.match(wrong.stdout, /auth alice@example\.org: refused/)
})

test('after the switch everybody logs in with the password of before, and with no other', async () => {
  ejabberd.configure((text) => replace(text, 'auth_method: [internal]', EXTERNAL, 4))
  assert.equal((await ejabberd.ctl('reload_config')).status, 0)
  for (const host of [WITH_SHA1, WITH_SHA256, WITH_SHA512, AS_THEY_ARE]) {
    for (const user of ['alice', 'jürgen', '日本']) {
      assert.equal((await ejabberd.ctl('check_password', user, host, PASSWORD)).status, 0, `${user} ${host}`)
      assert.equal((await ejabberd.ctl('check_password', user, host, 'wrong')).status, 1)
    }
  }
  await (await login(ejabberd, 'tcp', { user: 'jürgen', password: PASSWORD })).stop()
  await assertRefused(login(ejabberd, 'tcp', { user: 'jürgen', password: 'wrong' }))
})

test('a changed password replaces the keys', async () => {
  assert.equal((await ejabberd.ctl('change_password', 'alice', HOST, 'another')).status, 0)
  await (await login(ejabberd, 'tcp', { user: 'alice', password: 'another' })).stop()
  await assertRefused(login(ejabberd, 'tcp', { user: 'alice', password: PASSWORD }))
})
