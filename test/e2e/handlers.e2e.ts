/** Handlers of one's own: noisy ones, slow ones, and ones that refuse a new password. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Edit, HOST, replace } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import { assertRefused, registration } from './support/stanzas.ts'

/** A handlers module, as text: it runs in the programs that ejabberd starts. */
const HANDLERS = `
export default {
  async auth({ user, password }) {
    if (user === 'slow') await new Promise(() => {})
    console.log('a line for', user)
    process.stdout.write('and another, without an end')
    return password === 'for ' + user
  },
  isuser({ user }) {
    console.info('is there', user)
    return user !== 'nobody'
  },
  setpass: () => false,
}
`

const withCache: Edit = (text) => replace(text, 'auth_use_cache: false', 'auth_use_cache: true')

describe('as the example says', () => {
  let ejabberd: Ejabberd
  before(async () => {
    ejabberd = await startEjabberd({ handlers: HANDLERS })
  })
  after(() => ejabberd?.dispose())

  const visit = async (user: string, password: string) =>
    await (await login(ejabberd, 'tcp', { user, password })).stop()

  test('handlers that print to standard output mix up no logins', async () => {
    const users = Array.from({ length: 24 }, (_, number) => `user${number}`)
    const visits = users.map(async (user, number) =>
      number % 3 === 0 ? await assertRefused(visit(user, 'wrong'), user) : await visit(user, `for ${user}`),
    )
    await Promise.all(visits)
    assert.equal((await ejabberd.ctl('check_account', 'somebody', HOST)).status, 0)
    assert.equal((await ejabberd.ctl('check_account', 'nobody', HOST)).status, 1)
  })

  test('a handler that does not answer is refused at our deadline, and its worker goes on', async () => {
    const workers = ejabberd.workers().map(({ pid }) => pid)
    const start = performance.now()
    await assertRefused(visit('slow', 'for slow'))
    const seconds = (performance.now() - start) / 1000
    assert.ok(seconds > 4.9 && seconds < 10, `refused after ${seconds} s`)
    await visit('quick', 'for quick')
    assert.deepEqual(
      ejabberd.workers().map(({ pid }) => pid),
      workers,
    )
    assert.match(
      ejabberd.programLog(),
      /level=error event=request operation=auth user=slow .* outcome=failed/,
    )
  })

  test('a refused password change is an error at the client', async () => {
    await assertPasswordStays(ejabberd)
  })
})

describe("with ejabberd's cache on", () => {
  let ejabberd: Ejabberd
  before(async () => {
    ejabberd = await startEjabberd({ handlers: HANDLERS, edits: [withCache] })
  })
  after(() => ejabberd?.dispose())

  test('a refused password change leaves the old password right and the new one wrong', async () => {
    await assertPasswordStays(ejabberd)
  })
})

async function assertPasswordStays(ejabberd: Ejabberd): Promise<void> {
  const client = await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })
  const change = registration(client, { username: 'alice', password: 'another' })
  await assert.rejects(change, { name: 'StanzaError', condition: 'internal-server-error' })
  await assertRefused(login(ejabberd, 'tcp', { user: 'alice', password: 'another' }))
  await (await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })).stop()
  await client.stop()
}
