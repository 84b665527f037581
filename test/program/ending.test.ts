import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { finish, frames, PROGRAM, REPLY, start, temporaryFolder, writeHandlers } from './support.ts'

const KEEP_ALIVE =
  "import { createServer } from 'node:net'\ncreateServer().listen(0, '127.0.0.1')\nsetInterval(() => {}, 1000)"

test('ends with its input, whatever timers and sockets the handlers keep open', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), `{ auth: () => true }\n${KEEP_ALIVE}`)
  const { stdout, status } = await finish(PROGRAM, ['--handlers', handlers], frames('auth:a:b:c'))
  assert.equal(stdout.toString('hex'), REPLY.yes)
  assert.equal(status, 0)
})

test('answers what it has read before it ends, calls close once, and waits for it', async (t) => {
  const folder = temporaryFolder(t)
  const handlers = writeHandlers(
    folder,
    `{
      isuser: ({ user }) => new Promise((resolve) => setTimeout(resolve, 20, user === 'u7')),
      close: () => new Promise((resolve) => setTimeout(() => { console.log('closed'); resolve() }, 50)),
    }`,
  )
  const questions = Array.from({ length: 10 }, (_, index) => `isuser:u${index}:example.org`)
  const { stdout, stderr } = await finish(PROGRAM, ['--handlers', handlers], frames(...questions))
  const expected = questions.map((_, index) => (index === 7 ? REPLY.yes : REPLY.no)).join('')
  assert.equal(stdout.toString('hex'), expected)
  assert.equal(stderr.match(/^closed$/gm)?.length, 1)
})

test('gives all that is left one deadline together once its input has ended', async (t) => {
  const handlers = writeHandlers(
    temporaryFolder(t),
    '{ auth: () => new Promise(() => {}), isuser: () => true, close: () => new Promise(() => {}) }',
  )
  const left = Array.from({ length: 200 }, () => 'auth:a:b:c')
  const args = ['--timeout', '0.5', '--handlers', handlers]
  const { stdout, stderr } = await finish(PROGRAM, args, frames(...left, 'isuser:a:b'))
  assert.equal(stdout.toString('hex'), REPLY.neither.repeat(200) + REPLY.yes)
  assert.match(stderr, /close has not finished within 500 ms/)
})

test('reports a frame that the end of the input cuts off', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), '{ auth: () => true }')
  const input = Buffer.concat([frames('auth:a:b:c'), frames('auth:a:b:s3cret').subarray(0, -1)])
  const { stdout, stderr } = await finish(PROGRAM, ['--handlers', handlers], input)
  assert.equal(stdout.toString('hex'), REPLY.yes)
  assert.match(
    stderr,
    /level=error event=truncated_frame reason="Expected 15 bytes of a frame's body, got 14/,
  )
  assert.doesNotMatch(stderr, /s3cre/)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`finishes the request in hand on ${signal}, then ends`, async (t) => {
    const folder = temporaryFolder(t)
    const handlers = writeHandlers(
      folder,
      `{
        isuser: () => new Promise((resolve) => { console.log('in hand'); setTimeout(resolve, 200, true) }),
        close: () => { console.log('closed') },
      }\n${KEEP_ALIVE}`,
    )
    const running = start(t, ['--handlers', handlers])
    const answer = running.client.isuser('alice', 'example.org')
    await running.logged(/in hand/)
    running.process.kill(signal)
    assert.equal(await answer, true)
    assert.equal(await running.ended(), 0)
    assert.match(
      running.log,
      new RegExp(`event=terminating reason=${signal}[\\s\\S]*closed[\\s\\S]*event=ended`),
    )
  })
}

test('ends on SIGTERM while it waits for a request', async (t) => {
  const running = start(t, ['--handlers', writeHandlers(temporaryFolder(t), '{ auth: () => true }')])
  await running.logged(/handlers_loaded/)
  running.process.kill('SIGTERM')
  assert.equal(await running.ended(), 0)
})

test('ends at once on a second SIGTERM', async (t) => {
  const handlers = writeHandlers(
    temporaryFolder(t),
    "{ auth: () => new Promise(() => { console.log('in hand') }) }",
  )
  const running = start(t, ['--handlers', handlers])
  const answer = running.client.auth('alice', 'example.org', 'x')
  const rejected = assert.rejects(answer, { code: 'ERR_PROGRAM_ENDED' })
  await running.logged(/in hand/)
  running.process.kill('SIGTERM')
  await running.logged(/terminating/)
  running.process.kill('SIGTERM')
  assert.equal(await running.ended(), 'SIGTERM')
  await rejected
})

test('ends quietly when nobody reads its replies any more', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), '{ auth: () => true }')
  const running = start(t, ['--handlers', handlers])
  await running.logged(/handlers_loaded/)
  running.process.stdout?.destroy()
  running.process.stdin?.on('error', () => {}).write(frames('auth:a:b:c'))
  assert.equal(await running.ended(), 0)
  assert.doesNotMatch(running.log, /error/)
})

test('serves on when nobody reads its log any more', async (t) => {
  const handlers = writeHandlers(
    temporaryFolder(t),
    '{ auth: () => { console.log("x".repeat(1e6)); return false } }',
  )
  const running = start(t, ['--log-level', 'debug', '--handlers', handlers])
  await running.logged(/handlers_loaded/)
  running.process.stderr?.destroy()
  for (let request = 0; request < 5; request++) assert.equal(await running.client.auth('a', 'b', 'c'), false)
  assert.equal(await running.client.close(), 0)
})

test('serves on when the reader of its log stalls, and ends all the same', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), '{ auth: () => false }')
  const running = start(t, ['--handlers', handlers])
  await running.logged(/handlers_loaded/)
  running.process.stderr?.pause()
  const body = `auth:${'u'.repeat(1000)}:example.org:x`
  const answers = Array.from({ length: 5000 }, () => running.client.ask(body))
  assert.ok((await Promise.all(answers)).every((answer) => answer === false))
  assert.equal(await running.client.close(), 0)
})

test('explains itself on a terminal instead of waiting in silence', async () => {
  const { stdout, status } = await finish('script', ['-qec', PROGRAM, '/dev/null'])
  assert.match(stdout.toString(), /ejabberd starts this program[\s\S]*extauth_program[\s\S]*--help/)
  assert.equal(status, 2)
})

test('logs to a file, and opens it anew on SIGHUP', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'extauth.log')
  const handlers = writeHandlers(folder, '{ auth: () => false }')
  const running = start(t, ['--log-file', file, '--handlers', handlers])
  assert.equal(await running.client.auth('alice', 'example.org', 'x'), false)
  renameSync(file, `${file}.1`)
  running.process.kill('SIGHUP')
  while (!existsSync(file)) assert.equal(await running.client.auth('bob', 'example.org', 'x'), false)
  await running.client.close()
  assert.match(readFileSync(`${file}.1`, 'utf8'), /user=alice/)
  assert.match(readFileSync(file, 'utf8'), /event=reloading[\s\S]*event=ended/)
  assert.equal(running.log, '')
})

/** Makes an account store with one account. */
async function storeWithAlice(t: TestContext): Promise<string> {
  const accounts = join(temporaryFolder(t), 'accounts')
  const add = ['account', 'add', 'alice', 'example.org', '--accounts', accounts]
  const { status, stderr } = await finish(PROGRAM, add, Buffer.from('x'))
  assert.equal(status, 0, stderr)
  return accounts
}

for (const command of [
  'account list',
  'account count',
  'account export',
  'call isuser alice example.org',
  '--help',
]) {
  test(`says so, and does not exit with 0, when ${command} cannot be written`, async (t) => {
    const accounts = await storeWithAlice(t)
    const option = command === '--help' ? '' : `--accounts ${accounts}`
    const { stderr, status } = await finish('/bin/sh', [
      '-c',
      `'${PROGRAM}' ${command} ${option} > /dev/full`,
    ])
    assert.match(stderr, /Cannot write to standard output: ENOSPC/)
    assert.equal(status, 3)
  })
}

test('ends quietly when somebody has read enough of a list', async (t) => {
  const accounts = await storeWithAlice(t)
  const line = `'${PROGRAM}' account list --accounts ${accounts} | true`
  const { stderr } = await finish('/bin/sh', ['-c', line])
  assert.equal(stderr, '')
})

test('ends although a thread is blocked for ever', async (t) => {
  const folder = temporaryFolder(t)
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const handlers = writeHandlers(
    folder,
    `{ auth: async () => { await readFile('${fifo}'); return true } }\nimport { readFile } from 'node:fs/promises'`,
  )
  const { stdout, status } = await finish(
    PROGRAM,
    ['--timeout', '0.2', '--handlers', handlers],
    frames('auth:a:b:c'),
  )
  assert.equal(stdout.toString('hex'), REPLY.neither)
  assert.equal(status, 'SIGKILL')
})

test('waits for a thread that comes to its end in time, and ends with its status', async (t) => {
  const folder = temporaryFolder(t)
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const handlers = writeHandlers(
    folder,
    `{ auth: () => { readFile('${fifo}'); return true }, close: () => console.log('closed') }\nimport { readFile } from 'node:fs/promises'`,
  )
  const running = start(t, ['--handlers', handlers])
  assert.equal(await running.client.auth('a', 'b', 'c'), true)
  running.process.stdin?.end()
  await running.logged(/closed/)
  closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK))
  assert.equal(await running.ended(), 0)
})

test('does not wait for a log file that is a pipe without a reader', async (t) => {
  const folder = temporaryFolder(t)
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const args = ['--log-file', fifo, '--handlers', writeHandlers(folder, '{ auth: () => false }')]
  const { stdout, stderr } = await finish(PROGRAM, args, frames('auth:a:b:c'))
  assert.equal(stdout.toString('hex'), REPLY.no)
  assert.match(stderr, /event=log_file_failed reason="Error: ENXIO[\s\S]*event=request/)
})

test('a call whose answer nobody reads still says it by its status', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), '{ isuser: () => false }')
  const line = `('${PROGRAM}' call isuser a b --handlers ${handlers}; echo $? >&2) | true`
  const { stderr } = await finish('/bin/sh', ['-c', line])
  assert.equal(stderr, '1\n')
})
