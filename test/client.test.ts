import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { Client, type ClientOptions } from '../src/client.ts'
import { NoReplyError, ProgramEndedError } from '../src/errors.ts'
import { FrameDecoder } from '../src/frame.ts'
import { temporaryFolder, write } from './helpers/files.ts'
import { Sink } from './helpers/streams.ts'
import { byteByByte, frames } from './helpers/wire.ts'

/** A client, what it sends, and where it reads. */
function overStreams(options?: ClientOptions) {
  const [requests, replies] = [new Sink(), new PassThrough()]
  return { requests, replies, client: new Client(requests, replies, options) }
}

function sent(requests: Sink): string[] {
  return [...new FrameDecoder().push(Buffer.from(requests.hex, 'hex'))].map(({ bytes }) =>
    bytes.toString('latin1'),
  )
}

const YES = [0, 2, 0, 1]
const NO = [0, 2, 0, 0]
const NEITHER = [0, 2, 0, 2]

test('each operation is a frame of its own kind', async () => {
  const { requests, replies, client } = overStreams()
  const asked = [
    client.auth('a', 'b', 'c:d'),
    client.isuser('a', 'b'),
    client.setpass('a', 'b', 'c'),
    client.tryregister('a', 'b', 'c'),
    client.removeuser('a', 'b'),
    client.removeuser3('a', 'b', 'c'),
    client.certauth('a', 'b', Buffer.of(0xff, 0)),
    client.ask('anything'),
  ]
  replies.write(Buffer.of(...asked.flatMap(() => YES)))
  await Promise.all(asked)
  assert.deepEqual(sent(requests), [
    'auth:a:b:c:d',
    'isuser:a:b',
    'setpass:a:b:c',
    'tryregister:a:b:c',
    'removeuser:a:b',
    'removeuser3:a:b:c',
    'certauth:a:b:\xff\0',
    'anything',
  ])
})
test('replies belong to requests in their order, however they are cut', async () => {
  const { replies, client } = overStreams()
  const asked = Promise.all(['a', 'b', 'c', 'd'].map((user) => client.isuser(user, 'x')))
  for (const byte of byteByByte(Buffer.of(...YES, ...NO, ...NO, ...YES))) replies.write(byte)
  assert.deepEqual(await asked, [true, false, false, true])
})
test('a reply that is neither yes nor no rejects, and the next one counts', async () => {
  const { replies, client } = overStreams()
  const [first, second] = [client.isuser('a', 'x'), client.isuser('b', 'x')]
  replies.write(Buffer.of(...NEITHER, ...YES))
  await assert.rejects(first, { code: 'ERR_UNEXPECTED_REPLY' })
  assert.equal(await second, true)
})
test('an exchange gives the reply as it is', async () => {
  const { replies, client } = overStreams()
  const [first, second] = [client.exchange('a'), client.exchange('b')]
  replies.write(frames('', Buffer.of(1, 2, 3)))
  assert.deepEqual([await first, await second], [Buffer.of(), Buffer.of(1, 2, 3)])
})
test('a reply that nothing was asked for is an error from then on', async () => {
  const { replies, client } = overStreams()
  const asked = client.isuser('a', 'x')
  replies.write(Buffer.of(...YES, ...NO))
  assert.equal(await asked, true)
  await assert.rejects(client.isuser('b', 'x'), {
    code: 'ERR_UNEXPECTED_REPLY',
    message: /nothing was asked for/,
  })
})
test('a reply that does not come rejects, and so does all that was asked after it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { replies, client } = overStreams({ timeout: 100 })
  const first = assert.rejects(client.isuser('a', 'x'), NoReplyError)
  t.mock.timers.tick(50)
  const second = assert.rejects(client.isuser('b', 'x'), NoReplyError)
  t.mock.timers.tick(50)
  await Promise.all([first, second])
  replies.write(Buffer.of(...YES))
  await assert.rejects(client.isuser('c', 'x'), NoReplyError)
})
test('if nobody says otherwise, a reply may take thirty seconds, as ejabberd waits', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { replies, client } = overStreams()
  const asked = client.isuser('a', 'x')
  t.mock.timers.tick(29_999)
  replies.write(Buffer.of(...YES))
  assert.equal(await asked, true)
  t.mock.timers.tick(29_999)
  const next = client.isuser('b', 'x')
  replies.write(Buffer.of(...NO))
  assert.equal(await next, false)
  const late = assert.rejects(client.isuser('c', 'x'), { code: 'ERR_NO_REPLY', message: /within 30000 ms/ })
  t.mock.timers.tick(30_000)
  await late
})

const ends = (title: string, end: (streams: { requests: Sink; replies: PassThrough }) => void) =>
  test(`${title} rejects what was asked, and all that is asked later`, async () => {
    const { requests, replies, client } = overStreams()
    const asked = assert.rejects(client.isuser('a', 'x'), { code: 'ERR_PROGRAM_ENDED' })
    end({ requests, replies })
    await asked
    await assert.rejects(client.isuser('b', 'x'), { code: 'ERR_PROGRAM_ENDED' })
  })
ends('an output that ends', ({ replies }) => replies.end())
ends('an output that ends inside a reply', ({ replies }) => replies.end(Buffer.of(0, 2, 0)))
ends('an output that breaks', ({ replies }) => replies.destroy(new Error('EIO')))
ends('an output that is closed', ({ replies }) => replies.destroy())
ends('an input that breaks', ({ requests }) => requests.destroy(new Error('EPIPE')))

test('a body that does not fit a frame is refused, and nothing is lost by that', async () => {
  const { replies, client } = overStreams()
  await assert.rejects(client.ask(Buffer.alloc(65_536)), { code: 'ERR_FRAME_TOO_LARGE' })
  const asked = client.isuser('a', 'x')
  replies.write(Buffer.of(...YES))
  assert.equal(await asked, true)
})
test('to close a client without a program ends its requests', async () => {
  const { requests, client } = overStreams()
  assert.equal(await client.close(), null)
  assert.equal(requests.writableEnded, true)
})

/** Says yes to everybody whose name begins with y, keeps silent for s, ends for e, and says no to the rest. */
const PROGRAM = `
let pending = Buffer.alloc(0)
process.stdin.on('data', (chunk) => {
  pending = Buffer.concat([pending, chunk])
  while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
    const user = pending.toString('utf8', 2, 2 + pending.readUInt16BE()).split(':')[1]
    pending = pending.subarray(2 + pending.readUInt16BE())
    if (user[0] === 'e') process.exit(7)
    if (user[0] !== 's') process.stdout.write(Buffer.of(0, 2, 0, user[0] === 'y' ? 1 : 0))
  }
})
process.stdin.on('end', () => process.exit(Number(process.env.STATUS ?? 0)))
process.stderr.write('cwd=' + process.cwd() + ' args=' + process.argv.slice(2))
`

function program(t: TestContext): string {
  return write(temporaryFolder(t), 'a program.cjs', PROGRAM)
}

test('a program is started, asked, and told goodbye', async (t) => {
  const client = Client.start([process.execPath, program(t)], { stderr: 'ignore' })
  assert.equal(await client.isuser('yes', 'x'), true)
  assert.equal(await client.isuser('no', 'x'), false)
  assert.equal(await client.close(), 0)
})
test('a program gets its working directory, its environment and its arguments', async (t) => {
  const cwd = temporaryFolder(t)
  const env = { ...process.env, STATUS: '5' }
  const client = Client.start([process.execPath, program(t), 'a b', '$HOME'], { cwd, env, stderr: 'pipe' })
  const [said] = (await once(client.program?.stderr ?? assert.fail(), 'data')) as [Buffer]
  assert.equal(String(said), `cwd=${cwd} args=a b,$HOME`)
  assert.equal(await client.close(), 5)
})
test('a line is what a shell makes of it, as in extauth_program', async (t) => {
  const line = `STATUS=3 "${process.execPath}" '${program(t)}' "$ARGUMENT" 'c d'`
  const client = Client.start(`env ${line}`, { env: { ...process.env, ARGUMENT: 'a b' }, stderr: 'pipe' })
  const [said] = (await once(client.program?.stderr ?? assert.fail(), 'data')) as [Buffer]
  assert.match(String(said), /args=a b,c d$/)
  assert.equal(await client.isuser('yes', 'x'), true)
  assert.equal(await client.close(), 3)
})
test('a line is executed in place of the shell: the process is the program', async () => {
  const client = Client.start(`${process.execPath} -e 'process.stderr.write(String(process.pid))'`, {
    stderr: 'pipe',
  })
  const [said] = (await once(client.program?.stderr ?? assert.fail(), 'data')) as [Buffer]
  assert.equal(Number(said), client.program?.pid)
  await client.close()
})
test('a program that does not answer is killed', async (t) => {
  const client = Client.start([process.execPath, program(t)], { timeout: 200, stderr: 'ignore' })
  await assert.rejects(client.isuser('silent', 'x'), { code: 'ERR_NO_REPLY' })
  assert.equal(await client.close(), null)
  assert.equal(client.program?.signalCode, 'SIGTERM')
})
test('a program that ends rejects what was asked, and its status can be had', async (t) => {
  const client = Client.start([process.execPath, program(t)], { stderr: 'ignore' })
  await assert.rejects(client.isuser('end', 'x'), { code: 'ERR_PROGRAM_ENDED' })
  await assert.rejects(client.isuser('yes', 'x'), { code: 'ERR_PROGRAM_ENDED' })
  assert.equal(await client.close(), 7)
})
test('a program that prints is found out', async () => {
  const client = Client.start([process.execPath, '-e', "console.log('ready')"], { stderr: 'ignore' })
  await assert.rejects(client.isuser('a', 'x'), ProgramEndedError)
  await client.close()
})
test('a program that cannot be started rejects, and says why', async () => {
  const client = Client.start(['/nowhere/at-all'])
  const asked = client.isuser('a', 'x')
  await assert.rejects(asked, { code: 'ERR_PROGRAM_ENDED', message: /^Cannot start: .*ENOENT/ })
  assert.equal(await client.close(), null)
})
test('a line that names no program rejects, and has the status of a shell', async () => {
  const client = Client.start('/nowhere/at-all', { stderr: 'ignore' })
  await assert.rejects(client.isuser('a', 'x'), { code: 'ERR_PROGRAM_ENDED' })
  assert.equal(await client.close(), 127)
})
