/** People log in over TCP, WebSocket and BOSH; guests do, without the program. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Element } from '@xmpp/client'
import { Bosh } from './support/bosh.ts'
import { GUEST_HOST, HOST, replace, withEveryRequestLogged } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { addresses, login, loginOverBosh, type Person } from './support/login.ts'
import { assertRefused } from './support/stanzas.ts'

const PASSWORDS = {
  colon: 'pa:ss:word:',
  euro: '€uro',
  emoji: '🔑 and 👩‍🚀',
  long: '0123456789'.repeat(50),
}
const SECOND_HOST = `second.${HOST}`

let ejabberd: Ejabberd
before(async () => {
  ejabberd = await startEjabberd({ edits: [withEveryRequestLogged, withSecondHost] })
  for (const [user, password] of Object.entries(PASSWORDS)) await ejabberd.addAccount(user, HOST, password)
  await ejabberd.addAccount('twin', HOST, 'the first')
  await ejabberd.addAccount('twin', SECOND_HOST, 'the second')
})
after(() => ejabberd?.dispose())

/** Logs in over a transport and out again. */
async function visit(transport: Transport, person: Person): Promise<void> {
  if (transport === 'bosh') await (await loginOverBosh(ejabberd, person)).close()
  else await (await login(ejabberd, transport, person)).stop()
}

type Transport = (typeof TRANSPORTS)[number]
const TRANSPORTS = ['tcp', 'websocket', 'bosh'] as const

for (const transport of TRANSPORTS) {
  describe(`over ${transport}`, () => {
    for (const [user, password] of Object.entries(PASSWORDS)) {
      test(`a right password logs in: ${user}`, () => visit(transport, { user, password }))
    }

    test('a wrong password is refused', async () => {
      await assertRefused(visit(transport, { user: 'euro', password: 'euro' }))
    })

    test('the beginning of a password is refused', async () => {
      await assertRefused(visit(transport, { user: 'colon', password: 'pa' }))
    })

    test('an unknown user is refused', async () => {
      await assertRefused(visit(transport, { user: 'nobody', password: '€uro' }))
    })

    test('a guest logs in, and the program is not asked', async () => {
      const before = requests()
      await visit(transport, { host: GUEST_HOST })
      await visit(transport, { user: 'colon', password: PASSWORDS.colon })
      await ejabberd.until('the line of the login after the guest', () => requests() > before)
      assert.equal(requests(), before + 1)
      assert.doesNotMatch(ejabberd.programLog(), new RegExp(GUEST_HOST))
    })
  })
}

for (const transport of ['tcp', 'websocket'] as const) {
  test(`over ${transport}, the mechanisms are those that need no stored password, and bind is offered`, async () => {
    const features: Element[] = []
    const watch = (element: Element) => element.name.endsWith('features') && features.push(element)
    const client = await login(ejabberd, transport, { user: 'euro', password: PASSWORDS.euro, watch })
    await client.stop()
    const texts = features.map(String)
    const offered = features.flatMap(
      (element) => element.getChild('mechanisms')?.getChildren('mechanism') ?? [],
    )
    assert.deepEqual(offered.map((mechanism) => mechanism.text()).sort(), ['PLAIN', 'X-OAUTH2'])
    assert.match(texts.at(-1) ?? '', /<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/)
    assert.match(texts.at(-1) ?? '', /<session xmlns="urn:ietf:params:xml:ns:xmpp-session"/)
    assert.match(texts.at(-1) ?? '', /<sm xmlns="urn:xmpp:sm:3"/)
  })
}

test('over tcp, nothing but STARTTLS is offered before the encryption', async () => {
  const features: Element[] = []
  const watch = (element: Element) => element.name.endsWith('features') && features.push(element)
  await (await login(ejabberd, 'tcp', { user: 'euro', password: PASSWORDS.euro, watch })).stop()
  const [first] = features
  assert.deepEqual(
    first?.getChildElements().map(({ name }) => name),
    ['starttls'],
  )
  assert.ok(first?.getChild('starttls')?.getChild('required'))
})

test('over bosh, the same mechanisms are offered', async () => {
  const bosh = new Bosh(addresses(ejabberd).bosh, HOST)
  const features = await bosh.open()
  await bosh.close()
  const offered = [...features.matchAll(/<mechanism>([^<]*)</g)].map(([, name]) => name)
  assert.deepEqual(offered.sort(), ['PLAIN', 'X-OAUTH2'])
})

test('the guest host offers ANONYMOUS', async () => {
  const bosh = new Bosh(addresses(ejabberd).bosh, GUEST_HOST)
  const features = await bosh.open()
  await bosh.close()
  assert.match(features, /<mechanism>ANONYMOUS</)
})

test('the same user name on two hosts is two people', async () => {
  await visit('tcp', { user: 'twin', password: 'the first' })
  await visit('tcp', { user: 'twin', host: SECOND_HOST, password: 'the second' })
  await assertRefused(visit('tcp', { user: 'twin', password: 'the second' }))
  await assertRefused(visit('tcp', { user: 'twin', host: SECOND_HOST, password: 'the first' }))
})

/** How many requests the programs have answered. */
function requests(): number {
  return ejabberd.programLog().split(' event=request ').length - 1
}

/** The whole section of the external host once more, under another name. */
function withSecondHost(text: string): string {
  const [section] = /(?<=^host_config:\n) {2}example\.org:\n(?: {4}.*\n)+/m.exec(text) ?? []
  if (section === undefined) throw new Error('no host_config of example.org in the example')
  const twice = section + replace(section, `  ${HOST}:\n`, `  ${SECOND_HOST}:\n`)
  return replace(replace(text, section, twice), '\nhosts:\n', `\nhosts:\n  - ${SECOND_HOST}\n`)
}
