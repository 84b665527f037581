/** Web chat support: Converse.js in Chromium, a user of the external host and a guest of the anonymous one. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startChromium, type Visit, visit } from './browser/browser.ts'
import { chatWith, logIn, read, say } from './browser/chat.ts'
import { fetchConverse } from './browser/converse.ts'
import { type Settings, Site } from './browser/site.ts'
import { GUEST_HOST, HOST } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { addresses } from './support/login.ts'
import { packageRoot } from './support/package.ts'

const PASSWORD = 'for:alice €'
/** Outlives the test; CI keeps it. */
const ARTIFACTS = join(packageRoot(), 'artifacts')

let ejabberd: Ejabberd
let site: Site
let browser: Browser
before(async () => {
  ejabberd = await startEjabberd()
  await ejabberd.addAccount('alice', HOST, PASSWORD)
  site = await Site.open(await fetchConverse(ejabberd.installation.folder))
  browser = await startChromium()
  mkdirSync(ARTIFACTS, { recursive: true })
})
after(async () => {
  await browser?.close()
  site?.close()
  await ejabberd?.dispose()
})

/** What the page of the team says, and what the page of the visitors says. */
const TEAM = { authentication: 'login', locked_domain: HOST }
const VISITORS = {
  authentication: 'anonymous',
  auto_login: true,
  jid: GUEST_HOST,
  nickname: 'Guest',
  auto_join_private_chats: [`alice@${HOST}`],
}

for (const transport of ['bosh', 'websocket'] as const) {
  test(`a user and a guest log in over ${transport} and write to each other`, async () => {
    const alice = await visit(browser, page(`/${transport}/team`, transport, TEAM))
    try {
      await logIn(alice.page, 'alice', PASSWORD)
      await alice.page.getByText('I am online').waitFor()
      await converse(alice, await visit(browser, page(`/${transport}/`, transport, VISITORS)), transport)
    } catch (error) {
      await alice.page.screenshot({ path: join(ARTIFACTS, `web-chat-${transport}-failure.png`) })
      throw new Error(`the page of alice says:\n${alice.console.join('\n')}`, { cause: error })
    }
    await alice.page.context().close()
  })
}

test('a wrong password is refused in words', async () => {
  const { page: form } = await visit(browser, page('/wrong', 'websocket', TEAM))
  await logIn(form, 'alice', 'for alice')
  await form.getByText('Your XMPP address and/or password is incorrect').waitFor()
  await form.context().close()
})

async function converse(alice: Visit, guest: Visit, transport: 'bosh' | 'websocket'): Promise<void> {
  await chatWith(guest.page, `alice@${HOST}`)
  await say(guest.page, 'Hello, is somebody there?')
  await read(alice.page, 'Hello, is somebody there?')
  await say(alice.page, 'Yes! What can I do for you? ☕')
  await read(guest.page, 'Yes! What can I do for you? ☕')
  for (const [name, { page, addresses }] of Object.entries({ alice, guest })) {
    await page.screenshot({ path: join(ARTIFACTS, `web-chat-${transport}-${name}.png`) })
    assert.deepEqual(
      elsewhere(addresses, transport),
      [],
      'what the page asked others than site and ejabberd for',
    )
  }
  await guest.page.context().close()
}

/** The page with the settings, for one way to the server only. */
function page(path: string, transport: 'bosh' | 'websocket', settings: Settings): string {
  const { bosh, websocket } = addresses(ejabberd)
  const service = transport === 'bosh' ? { bosh_service_url: bosh } : { websocket_url: websocket }
  return site.add(path, { ...COMMON, ...service, ...settings })
}

const COMMON = {
  allow_registration: false,
  blacklisted_plugins: ['converse-omemo', 'converse-omemo-views'], // a guest who comes once has no keys
  discover_connection_methods: false, // it would ask https://example.org
  i18n: 'en',
  show_controlbox_by_default: true,
  view_mode: 'overlayed',
}

/** The addresses that are neither of the web site nor of the one listener that the page was told. */
function elsewhere(asked: string[], transport: 'bosh' | 'websocket'): string[] {
  const listener = addresses(ejabberd)[transport]
  assert.ok(asked.includes(listener), `${listener} among what was asked for`)
  return asked.filter((address) => address !== listener && !address.startsWith(`${site.origin}/`))
}
