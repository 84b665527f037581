import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { PATIENCE } from '../support/wait.ts'

const CHROMIUM = '/usr/bin/chromium'

/** Debian's Chromium without a window, with a fresh profile, and with no business of its own on the network. */
export async function startChromium(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`no ${CHROMIUM}; please run: apt-get install chromium`)
  const args = [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
    ...['--disable-background-networking', '--disable-component-update'],
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ]
  return await chromium.launch({ executablePath: CHROMIUM, headless: true, args, timeout: PATIENCE })
}

/** A browser page with a profile of its own, and a record of what it asked the network for. */
export interface Visit {
  page: Page
  /** The address of every request and of every WebSocket. */
  addresses: string[]
  /** What the page wrote to its console. */
  console: string[]
}

/** Opens a page that reaches nothing but loopback, and waits 30 s at most for whatever is asked of it. */
export async function visit(browser: Browser, address: string): Promise<Visit> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, // nobody knows the authority of the tests
    locale: 'en-US',
    viewport: { width: 900, height: 520 },
  })
  context.setDefaultTimeout(PATIENCE)
  const page = await context.newPage()
  const { addresses, console } = record(page)
  await page.goto(address)
  return { page, addresses, console }
}

function record(page: Page): Pick<Visit, 'addresses' | 'console'> {
  const addresses: string[] = []
  const console: string[] = []
  page.on('request', (request) => addresses.push(request.url()))
  page.on('websocket', (socket) => addresses.push(socket.url()))
  page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => console.push(`uncaught: ${error.stack}`))
  return { addresses, console }
}
