import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Client } from '../../src/client.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { finish, frames, PROGRAM, REPLY, start, temporaryFolder, writeHandlers } from './support.ts'

const TWO_LOGINS = frames('auth:alice:example.org:secret', 'auth:alice:example.org:secret')

/** Ways to be started wrongly: what stands in the log, and the exit status at the end of the input. */
const MISTAKES: Record<
  string,
  { args: string[]; files?: Record<string, string>; log: RegExp; status: number }
> = {
  'an unknown option': { args: ['--acounts', '/x'], log: /did you mean --accounts\?/, status: 2 },
  'an unknown command': { args: ['serve'], log: /Unknown command serve/, status: 2 },
  'an option without its value': { args: ['--handlers'], log: /--handlers/, status: 2 },
  'a deadline that is no number': { args: ['--timeout', '5s'], log: /--timeout .* got 5s/, status: 2 },
  'a deadline above that of ejabberd': { args: ['--timeout', '31'], log: /at most 25, got 31/, status: 2 },
  'an unknown log level': {
    args: ['--log-level', 'loud'],
    log: /error, warn, info, debug, got loud/,
    status: 2,
  },
  'two sources of answers': { args: ['--accounts', '/a', '--handlers', 'b'], log: /got both/, status: 2 },
  'a handlers file that does not exist': {
    args: ['--handlers', 'none.mjs'],
    log: /none\.mjs: no such file/,
    status: 1,
  },
  'a syntax error in the handlers file': {
    args: ['--handlers', 'bad.mjs'],
    files: { 'bad.mjs': 'export default {\n  auth( }\n' },
    log: /bad\.mjs: SyntaxError.*bad\.mjs:2\)/,
    status: 1,
  },
  'a handlers file that throws': {
    args: ['--handlers', 'bad.mjs'],
    files: { 'bad.mjs': '\nthrow new Error("no database")' },
    log: /bad\.mjs: Error: no database \(file:.*bad\.mjs:2:7\)/,
    status: 1,
  },
  'a package that is not installed': {
    args: ['--handlers', 'bad.mjs'],
    files: { 'bad.mjs': 'import "no-such-package"' },
    log: /Cannot find package 'no-such-package'.*: npm install no-such-package in \//,
    status: 1,
  },
  'a handlers file without handlers': {
    args: ['--handlers', 'bad.mjs'],
    files: { 'bad.mjs': 'export const auth = () => true' },
    log: /expected the default export to be handlers, found undefined/,
    status: 1,
  },
  'a handler that is spelt wrongly': {
    args: ['--handlers', 'bad.mjs'],
    files: { 'bad.mjs': 'export default { isUser: () => true }' },
    log: /there is no operation isUser: write isuser/,
    status: 1,
  },
  'an account store that does not exist': {
    args: ['--accounts', 'none'],
    log: /none.*account add/,
    status: 1,
  },
}

for (const [name, { args, files = {}, log, status }] of Object.entries(MISTAKES)) {
  test(`answers "failed" and stays, until its input ends, with ${name}`, async (t) => {
    const folder = temporaryFolder(t)
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
    const running = start(t, ['--timeout', '0.2', ...args], { cwd: folder })
    await running.logged(log)
    for (let request = 0; request < 3; request++) {
      const reply = await running.client.exchange('auth:alice:example.org:secret')
      assert.equal(reply.toString('hex'), '0002')
    }
    assert.equal(await running.client.close(), status)
    assert.doesNotMatch(running.log, /secret/)
  })
}

test('says only no, also with wrong arguments, if --strict is among them', async () => {
  const { stdout, status } = await finish(PROGRAM, ['--strict', '--bogus'], TWO_LOGINS)
  assert.equal(stdout.toString('hex'), REPLY.no + REPLY.no)
  assert.equal(status, 2)
})

test('tells a pipeline that ends at once why it could not serve', async () => {
  const { stderr, status } = await finish(PROGRAM, ['--handlers', '/nonexistent/handlers.mjs'])
  assert.match(stderr, /no such file/)
  assert.equal(status, 1)
})

test('heals when the handlers file appears, and the request that waited is answered rightly', async (t) => {
  const folder = temporaryFolder(t)
  const running = start(t, ['--handlers', join(folder, 'handlers.mjs')])
  await running.logged(/no such file/)
  const answer = running.client.auth('alice', 'example.org', 'right')
  writeHandlers(folder, "{ auth: ({ password }) => password === 'right' }")
  assert.equal(await answer, true)
})

test('heals when a module deeper down is mended', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'database.mjs'), 'export const check = = 1')
  writeFileSync(
    join(folder, 'handlers.mjs'),
    "import { check } from './database.mjs'\nexport default { auth: check }",
  )
  const running = start(t, ['--handlers', join(folder, 'handlers.mjs')])
  await running.logged(/SyntaxError/)
  writeFileSync(join(folder, 'database.mjs'), 'export const check = () => true')
  await running.logged(/handlers_loaded/)
  assert.equal(await running.client.auth('alice', 'example.org', 'x'), true)
})

test('answers from the account store once it is there', async (t) => {
  const accounts = join(temporaryFolder(t), 'accounts')
  const running = start(t, ['--accounts', accounts])
  await running.logged(/account add/)
  const add = await finish(
    PROGRAM,
    ['account', 'add', 'alice', 'example.org', '--accounts', accounts],
    Buffer.from('pw'),
  )
  assert.equal(add.status, 0, add.stderr)
  await running.logged(/handlers_loaded/)
  assert.equal(await running.client.auth('alice', 'example.org', 'pw'), true)
  assert.equal(await running.client.isuser('bob', 'example.org'), false)
})

/** A copy of the installed package, to break. */
function copyOfPackage(folder: string): string {
  for (const name of ['dist', 'package.json']) {
    const target = join(folder, 'package', name)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(join(packageRoot(), name), target, { recursive: true })
  }
  return join(folder, 'package', 'dist')
}

for (const file of ['main.js', 'accounts.js']) {
  test(`stands in for an installation that lacks ${file}, and hands over when it is whole again`, async (t) => {
    const folder = temporaryFolder(t)
    const dist = copyOfPackage(folder)
    const accounts = join(folder, 'accounts')
    const account = ['alice', 'example.org', '--accounts', accounts]
    await finish(PROGRAM, ['account', 'add', ...account], Buffer.from('pw'))
    renameSync(join(dist, file), join(folder, 'away.js'))
    const running = start(t, ['--accounts', accounts], { file: join(dist, 'cli.js') })
    await running.logged(/cannot start: .*20\.19 or newer/)
    for (let request = 0; request < 3; request++) {
      const reply = await running.client.exchange('auth:alice:example.org:pw')
      assert.equal(reply.toString('hex'), '0002')
    }
    renameSync(join(folder, 'away.js'), join(dist, file))
    await running.logged(/handlers_loaded/)
    assert.equal(await running.client.auth('alice', 'example.org', 'pw'), true)
    assert.equal(await running.client.close(), 0)
  })
}

/** Has the first attempt to start a process fail as it does where there is no memory for one. */
const NO_MEMORY = `
  import processes from 'node:child_process'
  import { syncBuiltinESMExports } from 'node:module'
  const { spawn } = processes
  const put = (other) => {
    processes.spawn = other
    syncBuiltinESMExports()
  }
  put(() => {
    put(spawn)
    console.error('no memory')
    throw new Error('spawn ENOMEM')
  })`

test('stands in on when the program cannot be started for lack of memory, and hands over later', async (t) => {
  const folder = temporaryFolder(t)
  const dist = copyOfPackage(folder)
  const handlers = writeHandlers(folder, '{ auth: () => true }')
  renameSync(join(dist, 'main.js'), join(folder, 'away.js'))
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(NO_MEMORY)}`,
  }
  const running = start(t, ['--handlers', handlers], { file: join(dist, 'cli.js'), env })
  await running.logged(/no memory/)
  assert.equal((await running.client.exchange('auth:alice:example.org:pw')).toString('hex'), '0002')
  renameSync(join(folder, 'away.js'), join(dist, 'main.js'))
  await running.logged(/handlers_loaded/)
  assert.equal(await running.client.auth('alice', 'example.org', 'pw'), true)
})

test('an installation that is broken ends quietly when its input cannot be read', async (t) => {
  const dist = copyOfPackage(temporaryFolder(t))
  rmSync(join(dist, 'main.js'))
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const caller = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [input]: Socket[] = await once(server, 'connection')
  const child = spawn(join(dist, 'cli.js'), [], { stdio: [input, 'ignore', 'pipe'] })
  const log = child.stderr?.setEncoding('utf8')
  assert.ok(log !== undefined)
  const [line] = await once(log, 'data')
  caller.resetAndDestroy()
  assert.deepEqual(await log.toArray(), [], 'nothing more is told')
  assert.match(line, /event=broken_installation/)
  assert.equal(child.exitCode ?? (await once(child, 'exit'))[0], 1)
})

test('an installation that is broken for good answers until its input ends', async (t) => {
  const dist = copyOfPackage(temporaryFolder(t))
  rmSync(join(dist, 'main.js'))
  const cut = Buffer.concat([frames('', 'x'.repeat(65_535)), Buffer.of(0, 9, 1)])
  const { stdout, status } = await finish(join(dist, 'cli.js'), [], cut)
  assert.equal(stdout.toString('hex'), REPLY.neither + REPLY.neither)
  assert.equal(status, 1)
  const strict = await finish(join(dist, 'cli.js'), ['--strict'], cut)
  assert.equal(strict.stdout.toString('hex'), REPLY.no + REPLY.no)
})

test('an installation that is broken loses no reply to a reader that is late', async (t) => {
  const folder = temporaryFolder(t)
  const dist = copyOfPackage(folder)
  rmSync(join(dist, 'main.js'))
  const [IN, OUT] = [join(folder, 'in'), join(folder, 'out')]
  writeFileSync(IN, Buffer.concat(Array.from({ length: 50_000 }, () => frames('x'))))
  const line = 'cat "$IN" | "$0" | (sleep 1; cat) > "$OUT"'
  await finish('/bin/sh', ['-c', line, join(dist, 'cli.js')], undefined, { env: { ...process.env, IN, OUT } })
  assert.equal(statSync(OUT).size, 50_000 * 4)
})

test('a launcher line as in the example keeps ejabberd calm where there is no node at all', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'node'), '#!/bin/sh\nexit 127\n', { mode: 0o755 })
  const started = performance.now()
  const line = `sh -c '${PROGRAM} --accounts /nonexistent || sleep 2'`
  const client = Client.start(line, { env: { PATH: `${folder}:/usr/bin:/bin` }, stderr: 'ignore' })
  await assert.rejects(client.auth('alice', 'example.org', 'x'), { code: 'ERR_PROGRAM_ENDED' })
  await client.close()
  assert.ok(performance.now() - started >= 2000, 'it ended before two seconds were over')
})

test('what it reads of its own package is its version', async () => {
  const { stdout } = await finish(PROGRAM, ['--version'])
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  assert.equal(stdout.toString(), `${version}\n`)
})
