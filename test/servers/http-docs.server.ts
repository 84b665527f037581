import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Handlers } from '../../src/handlers.ts'
import { PASSWORD } from '../backends/contract.ts'
import { ask, startService } from '../backends/http-support.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { freePorts } from '../e2e/support/ports.ts'
import { Daemon, findProgram, makeFolder, removeFolder } from './support/daemon.ts'
import { canConnect } from './support/nginx.ts'

const PAGE = readFileSync(join(packageRoot(), 'docs', 'http.md'), 'utf8')

/** The block of the page that holds these words, with other addresses and paths. */
function block(words: string, replaced: Readonly<Record<string, string>>): string {
  const blocks = [...PAGE.matchAll(/```(?:js|php)\n([\s\S]*?)```/g)].map(([, code = '']) => code)
  const [found, ...others] = blocks.filter((code) => code.includes(words))
  assert.ok(found !== undefined && others.length === 0, `${words}: ${others.length + 1} blocks`)
  return Object.entries(replaced).reduce((code, [from, to]) => {
    assert.ok(code.includes(from), from)
    return code.replaceAll(from, to)
  }, found)
}

/** A folder in which the package is installed. */
function installation(t: TestContext): string {
  const folder = makeFolder('http-docs')
  t.after(() => removeFolder(folder))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(packageRoot(), join(folder, 'node_modules', 'ejabberd-extauth'))
  return folder
}

async function load(t: TestContext, folder: string, code: string): Promise<Required<Handlers>> {
  const file = join(folder, 'handlers.mjs')
  writeFileSync(file, code)
  const { default: handlers } = await import(pathToFileURL(file).href)
  t.after(() => handlers.close())
  return handlers
}

/** Starts the service of the page in a process of its own, and gives the handlers of the page that ask it. */
async function startPrinted(t: TestContext, words: string, name: string, command: string, args: string[]) {
  const folder = installation(t)
  const [port] = (await freePorts(1)) as [number]
  const code = block(words, words === 'createServer' ? { '8000': String(port) } : {})
  writeFileSync(join(folder, name), code)
  const daemon = new Daemon({
    command,
    args: [...args.map((arg) => arg.replace('PORT', String(port))), name],
    folder,
    isReady: () => canConnect(port),
  })
  t.after(() => daemon.stop())
  await daemon.start()
  return load(t, folder, block("url: 'http://127.0.0.1:8000/auth/'", { '8000': String(port) }))
}

test('the service of the page does all that the form can', async (t) => {
  const handlers = await startPrinted(t, 'createServer', 'service.mjs', process.execPath, [])
  const is = async (operation: keyof Handlers & string, user: string, password: string, expected: unknown) =>
    assert.equal(await ask(handlers, operation as 'auth', user, password), expected, `${operation} ${user}`)
  await is('auth', 'alice', 'correct horse', true)
  await is('auth', 'alice', 'correct', false)
  await is('auth', 'constructor', 'correct', false)
  await is('isuser', 'bob', '', false)
  await is('tryregister', 'bob', 'pa:ss w\u00f6rd', true)
  await is('tryregister', 'bob', 'pa:ss w\u00f6rd', true)
  await is('tryregister', 'bob', 'other', false)
  await is('isuser', 'bob', '', true)
  await is('setpass', 'bob', 'new', true)
  await is('auth', 'bob', 'new', true)
  await is('setpass', 'carol', 'new', false)
  await is('removeuser', 'bob', '', true)
  await is('removeuser', 'bob', '', true)
  await is('isuser', 'bob', '', false)
})

test('the service of the page in PHP says who may log in and who exists, and fails where it is not asked', async (t) => {
  const php = findProgram('php-cli', '/usr/bin/php')
  const handlers = await startPrinted(t, '<?php', 'auth.php', php, ['-S', '127.0.0.1:PORT'])
  assert.equal(await ask(handlers, 'auth', 'alice', 'correct horse'), true)
  assert.equal(await ask(handlers, 'auth', 'alice', 'correct'), false)
  assert.equal(await ask(handlers, 'auth', 'bob', 'correct horse'), false)
  assert.equal(await ask(handlers, 'isuser', 'alice'), true)
  assert.equal(await ask(handlers, 'isuser', 'bob'), false)
})

test('the JSON modules of the page ask what they say', async (t) => {
  const service = await startService(t)
  const origin = `http://127.0.0.1:${service.port}`
  const folder = installation(t)
  writeFileSync(join(folder, 'shop.key'), 'key\n')
  const shop = await load(
    t,
    folder,
    block('{operation}', {
      'https://shop.example.org/xmpp': `${origin}/json`,
      '/etc/ejabberd': folder,
    }),
  )
  assert.equal(await ask(shop, 'auth'), true)
  assert.equal(await ask(shop, 'isuser', 'bob'), false)
  assert.equal(service.asked[0]?.headers['x-api-key'], 'key')
})

test('the JSON module with functions asks what they say, and means what they mean', async (t) => {
  const service = await startService(t)
  const handlers = await load(
    t,
    installation(t),
    block('loggedIn', { 'https://shop.example.org': `http://127.0.0.1:${service.port}` }),
  )
  const answers: [number, string, unknown][] = [
    [200, '{"loggedIn":true}', true],
    [200, '{"loggedIn":false}', false],
    [200, '{"found":true}', 'ERR_BACKEND'],
    [200, '', 'ERR_BACKEND'],
    [422, '{"loggedIn":true}', false],
    [404, '', 'ERR_BACKEND'],
  ]
  for (const [status, body, expected] of answers) {
    service.script = (response) => response.writeHead(status).end(body)
    assert.equal(await ask(handlers, 'auth'), expected, body)
  }
  assert.equal(service.asked[0]?.url, '/api/login')
  assert.equal(service.asked[0]?.body, JSON.stringify({ login: 'alice', secret: PASSWORD }))
  service.script = (response) => response.end('{"found":true}')
  assert.equal(await ask(handlers, 'isuser'), true)
  assert.equal(service.asked.at(-1)?.url, '/api/customers/find')
})

test('the module of basic logs in', async (t) => {
  const service = await startService(t)
  const code = block("api: 'basic'", { 'https://files.example.org': `http://127.0.0.1:${service.port}` })
  const handlers = await load(t, installation(t), code)
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(await ask(handlers, 'auth', 'alice', 'wrong'), false)
})
