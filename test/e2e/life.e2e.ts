/** What `reload_config`, `stop` and a crash of ejabberd mean for the programs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HOST, replace } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'

const WORKERS = 5

let ejabberd: Ejabberd
before(async () => {
  ejabberd = await startEjabberd()
  await ejabberd.addAccount('alice', HOST, 'for alice')
})
after(() => ejabberd?.dispose())

const pids = () => ejabberd.workers().map(({ pid }) => pid)
const visit = async () =>
  await (await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })).stop()

test('as many programs run as the example says', async () => {
  await ejabberd.until(`${WORKERS} programs`, () => pids().length === WORKERS)
  await visit()
})

test('reload_config leaves the programs alone when their lines have not changed', async () => {
  const before = pids()
  ejabberd.configure((text) => replace(text, 'max_user_sessions: 10', 'max_user_sessions: 11'))
  assert.equal((await ejabberd.ctl('reload_config')).status, 0)
  assert.deepEqual(pids(), before)
  await visit()
})

test('reload_config with another line starts new programs and ends the old ones', async () => {
  const before = pids()
  ejabberd.configure((text, { program }) => replace(text, ` '${program} `, ` '${program} --timeout 4 `))
  assert.equal((await ejabberd.ctl('reload_config')).status, 0)
  await ejabberd.until('new programs only', () => {
    const now = pids()
    return now.length === WORKERS && !now.some((pid) => before.includes(pid))
  })
  await visit()
})

test('ejabberdctl stop leaves no process', async () => {
  await ejabberd.stop() // throws if one is left
  assert.deepEqual(ejabberd.processes(), [])
  await ejabberd.start()
  await visit()
})

test('a crash of ejabberd leaves no process', async () => {
  await ejabberd.crash()
  assert.deepEqual(ejabberd.processes(), [])
  await ejabberd.start()
  await visit()
})
