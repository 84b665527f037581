/** The account store becomes unreadable and readable again, without and with ejabberd's cache. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Edit, HOST, replace } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import { appear, assertRefused, messageSaying, say, stanza } from './support/stanzas.ts'

const withCache: Edit = (text) => replace(text, 'auth_use_cache: false', 'auth_use_cache: true')

for (const [title, edits] of [
  ['as the example says', []],
  ["with ejabberd's cache on", [withCache]],
] as const) {
  describe(title, () => {
    let ejabberd: Ejabberd
    before(async () => {
      ejabberd = await startEjabberd({ edits: [...edits] })
      for (const user of ['alice', 'bob']) await ejabberd.addAccount(user, HOST, `for ${user}`)
    })
    after(() => ejabberd?.dispose())

    const enter = (user: string) => login(ejabberd, 'tcp', { user, password: `for ${user}` })
    const exists = async (user: string) => (await ejabberd.ctl('check_account', user, HOST)).status === 0

    test('an unreadable store refuses, a readable one is right again, and nobody is remembered as missing', async () => {
      const alice = await enter('alice')
      const workers = ejabberd.workers().map(({ pid }) => pid)

      chmodSync(ejabberd.installation.places.accounts, 0)
      const bounce = stanza(alice, 'the message back', (element) => element.attrs.type === 'error')
      await say(alice, `bob@${HOST}`, 'lost')
      await Promise.all([bounce, assertRefused(enter('bob')), exists('bob').then((yes) => assert.ok(!yes))])
      assert.match(
        ejabberd.programLog(),
        /level=error event=request operation=auth user=bob .* outcome=failed/,
      )

      chmodSync(ejabberd.installation.places.accounts, 0o700)
      assert.ok(await exists('bob'))
      await say(alice, `bob@${HOST}`, 'kept')
      const bob = await enter('bob')
      const kept = messageSaying(bob, 'kept')
      await appear(bob)
      await kept
      assert.deepEqual(
        ejabberd.workers().map(({ pid }) => pid),
        workers,
      )
      await Promise.all([alice.stop(), bob.stop()])
    })
  })
}
