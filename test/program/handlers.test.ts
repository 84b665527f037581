import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../e2e/support/package.ts'
import { finish, frames, PROGRAM, REPLY, start, temporaryFolder, writeHandlers } from './support.ts'

const ASK = frames('auth:alice:example.org:s3cret', 'isuser:alice:example.org')

/** What a handler may do wrong; `isuser` is asked next and shows that the program lives on. */
const FAULTS: Record<string, { auth: string; log: RegExp; reply?: string }> = {
  throws: { auth: "() => { throw new Error('broken') }", log: /reason="Error: broken"/ },
  'throws nothing': { auth: '() => { throw undefined }', log: /a thrown undefined/ },
  rejects: { auth: "async () => { throw new TypeError('broken') }", log: /reason="TypeError: broken"/ },
  'returns nothing': { auth: '() => {}', log: /the handler returned undefined instead of true or false/ },
  'returns a word': { auth: "() => 'yes'", log: /the handler returned string instead of true or false/ },
  'returns a promise of a number': { auth: 'async () => 1', log: /returned number instead/ },
  'never settles': { auth: '() => new Promise(() => {})', log: /no answer within \d+ ms/ },
  'calls process.exit': { auth: '() => process.exit(0)', log: /process\.exit was called/ },
  'quotes the password in its error': {
    auth: '({ password }) => { throw new Error("no row for " + password) }',
    log: /reason="Error \(the message may quote the password and is left out\)"/,
  },
  'throws later, from a timer': {
    auth: '({ password }) => { setTimeout(() => { throw new Error(password) }, 1); return true }',
    log: /event=uncaught_exception reason="Error at Timeout/,
    reply: REPLY.yes,
  },
  'rejects later, with nobody listening': {
    auth: '({ password }) => { void Promise.reject(new Error(password)); return true }',
    log: /event=unhandled_rejection reason="Error at /,
    reply: REPLY.yes,
  },
  'throws into nowhere something that is no error': {
    auth: '({ password }) => { void Promise.reject(password); return true }',
    log: /event=unhandled_rejection reason="a thrown string"/,
    reply: REPLY.yes,
  },
  'quotes the password in a warning of the process': {
    auth: "({ password }) => { process.emitWarning(password, { code: 'SLOW' }); return true }",
    log: /level=warn event=process_warning reason="Warning SLOW at .*file:.*handlers\.mjs/,
    reply: REPLY.yes,
  },
}

for (const [name, { auth, log, reply = REPLY.neither }] of Object.entries(FAULTS)) {
  test(`lives on when a handler ${name}`, async (t) => {
    const handlers = writeHandlers(temporaryFolder(t), `{ auth: ${auth}, isuser: () => true }`)
    const running = start(t, ['--timeout', '0.3', '--handlers', handlers])
    const { client } = running
    assert.equal((await client.exchange('auth:alice:example.org:s3cret')).toString('hex'), reply.slice(4))
    assert.equal(await client.isuser('alice', 'example.org'), true)
    await running.logged(log)
    assert.equal(await client.isuser('alice', 'example.org'), true)
    assert.equal(await client.close(), 0)
    assert.doesNotMatch(running.log, /s3cret/)
  })
}

test('warnings that nobody wants are not logged either', async (t) => {
  const handlers = writeHandlers(
    temporaryFolder(t),
    "{ auth: () => { process.emitWarning('slow'); return true }, isuser: () => false }",
  )
  const options = { env: { ...process.env, NODE_NO_WARNINGS: '1' } }
  const { stdout, stderr } = await finish(PROGRAM, ['--handlers', handlers], ASK, options)
  assert.equal(stdout.toString('hex'), REPLY.yes + REPLY.no)
  assert.doesNotMatch(stderr, /warning/i)
})

/** Ways to print; each in a program of its own, on pipes, as ejabberd starts it. */
const PRINTS = {
  'console.log': "console.log('printed')",
  'console.table': "console.table(['printed'])",
  'process.stdout': "process.stdout.write('printed\\n')",
  'a descriptor kept from before': "import { writeSync } from 'node:fs'\nwriteSync(1, 'printed\\n')",
  'a child process':
    "import { execFileSync } from 'node:child_process'\nexecFileSync('echo', ['printed'], { stdio: 'inherit' })",
}

for (const [name, code] of Object.entries(PRINTS)) {
  test(`keeps what is printed through ${name} out of the replies`, async (t) => {
    const folder = temporaryFolder(t)
    const [imports, statement] = code.includes('\n') ? code.split('\n') : ['', code]
    const expression = `(${statement}, { auth: () => { ${statement}; return true }, isuser: () => false })\n${imports}`
    const args = [
      '-c',
      'cat "$IN" | "$0" "$@" | cat > "$OUT"',
      PROGRAM,
      '--handlers',
      writeHandlers(folder, expression),
    ]
    const [IN, OUT] = [join(folder, 'in'), join(folder, 'out')]
    writeFileSync(IN, ASK)
    const { stderr } = await finish('/bin/sh', args, undefined, { env: { ...process.env, IN, OUT } })
    assert.equal(readFileSync(OUT).toString('hex'), REPLY.yes + REPLY.no, stderr)
    if (/console|stdout/.test(code)) assert.match(stderr, /printed/)
  })
}

test('lets nobody else read the requests', async (t) => {
  const handlers = writeHandlers(
    temporaryFolder(t),
    "(process.stdin.on('data', (data) => console.log('stolen', data)), { auth: () => true, isuser: () => false })",
  )
  const { stdout, stderr } = await finish(PROGRAM, ['--handlers', handlers], ASK)
  assert.equal(stdout.toString('hex'), REPLY.yes + REPLY.no)
  assert.doesNotMatch(stderr, /stolen/)
})

test('shows no password when a handler prints its request', async (t) => {
  const handlers = writeHandlers(
    temporaryFolder(t),
    '{ auth: (request) => { console.log(request, JSON.stringify(request), String(request)); return true } }',
  )
  const { stderr } = await finish(PROGRAM, ['--handlers', handlers], ASK)
  assert.match(stderr, /alice/)
  assert.doesNotMatch(stderr, /s3cret/)
})

test('loads the handlers anew on SIGHUP, closes the old ones, and keeps those it has if the new ones are broken', async (t) => {
  const folder = temporaryFolder(t)
  const generation = (name: string, answer: boolean) =>
    writeHandlers(folder, `{ auth: () => ${answer}, close: () => console.error('closed ${name}') }`)
  const file = generation('the first', false)
  const running = start(t, ['--timeout', '0.2', '--handlers', file])
  await running.logged(/handlers_loaded/)
  assert.equal(await running.client.auth('alice', 'example.org', 'x'), false)

  generation('the second', true)
  running.process.kill('SIGHUP')
  await running.logged(/reloading[\s\S]*handlers_loaded/)
  assert.equal(await running.client.auth('alice', 'example.org', 'x'), true)
  await running.logged(/closed the first/)

  writeHandlers(folder, '{ auth( }')
  running.process.kill('SIGHUP')
  await running.logged(/handlers_not_loaded/)
  assert.equal(await running.client.auth('alice', 'example.org', 'x'), true)
  await running.client.close()
  assert.match(running.log, /closed the second/)
})

test('no module of Node.js is loaded that a start can do without', async (t) => {
  const code = `{ auth: () => { console.log(process.moduleLoadList.join('\\n')); return true } }`
  const args = ['-c', 'cat | "$0" "$@" | cat', PROGRAM, '--handlers', writeHandlers(temporaryFolder(t), code)]
  const { stderr } = await finish('/bin/sh', args, ASK)
  assert.match(stderr, /^NativeModule net$/m)
  assert.doesNotMatch(stderr, /^NativeModule (tty|perf_hooks|crypto|child_process)$/m)
})

test('a child process that inherits the input gets nothing of it', async (t) => {
  const folder = temporaryFolder(t)
  const steal = "execFileSync('head', ['-c', '30'], { stdio: ['inherit', 'pipe', 'inherit'] })"
  const code = `{ auth: () => { if (asked++ < 4) console.log('stolen:' + ${steal} + ':'); return true }, isuser: () => false }
    import { execFileSync } from 'node:child_process'
    let asked = 0`
  const [IN, OUT] = [join(folder, 'in'), join(folder, 'out')]
  writeFileSync(IN, Buffer.concat(Array.from({ length: 20_000 }, () => ASK)))
  const args = [
    '-c',
    'cat "$IN" | "$0" "$@" | head -c 32 > "$OUT"',
    PROGRAM,
    '--handlers',
    writeHandlers(folder, code),
  ]
  const { stderr } = await finish('/bin/sh', args, undefined, { env: { ...process.env, IN, OUT } })
  assert.equal(readFileSync(OUT).toString('hex'), (REPLY.yes + REPLY.no).repeat(4), stderr)
  assert.equal(stderr.match(/^stolen::$/gm)?.length, 4, stderr)
})

test('says what to do when a handlers module serves by itself', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(packageRoot(), join(folder, 'node_modules', 'ejabberd-extauth'))
  const file = join(folder, 'handlers.mjs')
  writeFileSync(file, "import { serve } from 'ejabberd-extauth'\nawait serve({ auth: () => true })")
  const { stdout, stderr } = await finish(PROGRAM, ['--timeout', '1', '--handlers', file], ASK)
  assert.equal(stdout.toString('hex'), REPLY.neither + REPLY.neither)
  assert.match(stderr, /export the handlers instead of serving them/)
})

/** A program of somebody's own, in a folder where the package is installed. */
function ownProgram(folder: string, code: string): string {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(packageRoot(), join(folder, 'node_modules', 'ejabberd-extauth'))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, `import { serve } from 'ejabberd-extauth'\n${code}`)
  return file
}

test("a program of one's own stays when its handlers are none", async (t) => {
  const file = ownProgram(temporaryFolder(t), 'await serve({ isUser: () => true })')
  const { stdout, stderr, status } = await finish(process.execPath, [file], ASK)
  assert.equal(stdout.toString('hex'), REPLY.neither + REPLY.neither)
  assert.match(stderr, /there is no operation isUser: write isuser/)
  assert.equal(status, 0)
})

test("a program of one's own answers the request in hand when it is told to load anew", async (t) => {
  const slow =
    "{ auth: () => { console.log('in hand'); return new Promise((yes) => setTimeout(yes, 200, true)) } }"
  const running = start(t, [ownProgram(temporaryFolder(t), `await serve(${slow})`)], {
    file: process.execPath,
  })
  const answer = running.client.auth('alice', 'example.org', 'x')
  await running.logged(/in hand/)
  running.process.kill('SIGHUP')
  assert.equal(await answer, true)
  await running.logged(/level=info event=nothing_to_reload reason=SIGHUP/)
})

test("a program of one's own does not serve a terminal", async (t) => {
  const file = ownProgram(temporaryFolder(t), 'await serve({ auth: () => true })')
  const { stdout, status } = await finish('script', ['-qec', `${process.execPath} ${file}`, '/dev/null'])
  assert.match(stdout.toString(), /Expected ejabberd at standard input, got a terminal/)
  assert.equal(status, 1)
})
