/** Accounts from a chat program (XEP-0077) and from `ejabberdctl`, and messages to those who are away. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, xml } from '@xmpp/client'
import { HOST } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import {
  appear,
  assertRefused,
  messageSaying,
  registration,
  say,
  stanza,
  thrownOut,
} from './support/stanzas.ts'

let ejabberd: Ejabberd
before(async () => {
  ejabberd = await startEjabberd()
  await ejabberd.addAccount('alice', HOST, 'for alice')
  await ejabberd.addAccount('bob', HOST, 'for bob')
})
after(() => ejabberd?.dispose())

async function visit(user: string, password: string): Promise<void> {
  await (await login(ejabberd, 'tcp', { user, password })).stop()
}

describe('from a chat program', () => {
  let carol: Client

  test('somebody registers and logs in', async () => {
    const beforehand = async (entity: Client) => {
      await registration(entity, { username: 'carol', password: 'the first' })
    }
    carol = await login(ejabberd, 'tcp', { user: 'carol', password: 'the first', beforehand })
  })

  test('nobody registers as the administrator', async () => {
    const beforehand = async (entity: Client) => {
      await registration(entity, { username: 'admin', password: 'mine' })
    }
    const attempt = login(ejabberd, 'tcp', { user: 'admin', password: 'mine', beforehand })
    await assert.rejects(attempt, /not-allowed|forbidden/)
    assert.equal((await ejabberd.ctl('check_account', 'admin', HOST)).status, 1)
  })

  test('a new password counts at once, and the old one no longer', async () => {
    await registration(carol, { username: 'carol', password: 'the sécond' })
    await assertRefused(visit('carol', 'the first'))
    await visit('carol', 'the sécond')
  })

  test('a cancelled account is thrown out and cannot log in', async () => {
    const end = thrownOut(carol)
    await registration(carol, 'remove').catch(() => {}) // the end of the stream may overtake the answer
    assert.match(await end, /User removed/)
    await assertRefused(visit('carol', 'the sécond'))
  })
})

describe('messages to somebody who is away', () => {
  test('are kept for a user that exists', async () => {
    const alice = await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })
    await say(alice, `bob@${HOST}`, 'until you come')
    const bob = await login(ejabberd, 'tcp', { user: 'bob', password: 'for bob' })
    const message = messageSaying(bob, 'until you come')
    await appear(bob)
    assert.equal((await message).attrs.from, String(alice.jid))
    await Promise.all([alice.stop(), bob.stop()])
  })

  test('come back for a user that does not', async () => {
    const alice = await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })
    const bounce = stanza(alice, 'the message back', (element) => element.attrs.type === 'error')
    await say(alice, `nobody@${HOST}`, 'is there anybody')
    assert.ok((await bounce).getChild('error')?.getChild('service-unavailable'))
    await alice.stop()
  })
})

describe('ejabberdctl', () => {
  const user = 'dave'

  test('register makes an account once', async () => {
    assert.equal((await ejabberd.ctl('register', user, HOST, 'the first')).status, 0)
    await visit(user, 'the first')
    assert.equal((await ejabberd.ctl('register', user, HOST, 'the second')).status, 1)
    await visit(user, 'the first')
  })

  test('check_account tells who exists', async () => {
    assert.equal((await ejabberd.ctl('check_account', user, HOST)).status, 0)
    assert.equal((await ejabberd.ctl('check_account', 'nobody', HOST)).status, 1)
  })

  test('check_password tells a right password from a wrong one', async () => {
    assert.equal((await ejabberd.ctl('check_password', user, HOST, 'the first')).status, 0)
    assert.equal((await ejabberd.ctl('check_password', user, HOST, 'the second')).status, 1)
  })

  test('change_password changes it at once', async () => {
    assert.equal((await ejabberd.ctl('change_password', user, HOST, 'pa:ss €')).status, 0)
    await visit(user, 'pa:ss €')
    await assertRefused(visit(user, 'the first'))
  })

  test('unregister removes the account', async () => {
    assert.equal((await ejabberd.ctl('unregister', user, HOST)).status, 0)
    assert.equal((await ejabberd.ctl('check_account', user, HOST)).status, 1)
    await assertRefused(visit(user, 'pa:ss €'))
  })
})

test('an account removed by hand cannot log in, and its owner, still online, can be thrown out', async () => {
  await ejabberd.addAccount('erin', HOST, 'for erin')
  const erin = await login(ejabberd, 'tcp', { user: 'erin', password: 'for erin' })
  const { accounts } = ejabberd.installation.places
  assert.equal(
    (await ejabberd.program(['account', 'remove', 'erin', HOST, '--accounts', accounts])).status,
    0,
  )
  await erin.iqCaller.request(xml('iq', { type: 'get', to: HOST }, xml('ping', { xmlns: 'urn:xmpp:ping' })))
  const end = thrownOut(erin)
  assert.equal((await ejabberd.ctl('kick_user', 'erin', HOST)).status, 0)
  assert.match(await end, /has been kicked/)
  await assertRefused(visit('erin', 'for erin'))
})
