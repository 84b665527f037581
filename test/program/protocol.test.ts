import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { finish, frames, PROGRAM, REPLY, start, temporaryFolder, writeHandlers } from './support.ts'

const HANDLERS = `{
  auth: ({ user, server, password }) => \`\${user}@\${server}\` === 'alice@example.org' && password === 'pa:ss',
  isuser: async ({ user }) => user === 'alice',
  setpass: () => false,
}`

const QUESTIONS = [
  'auth:alice:example.org:pa:ss',
  'isuser:bob:example.org',
  'setpass:alice:example.org:new',
  '',
  'x',
]
const ANSWERS = REPLY.yes + REPLY.no + REPLY.neither + REPLY.no + REPLY.no
const STRICT_ANSWERS = REPLY.yes + REPLY.no + REPLY.no + REPLY.no + REPLY.no

/** How standard input and output are connected; each is a line for the shell, with the program's in `$@`. */
const TRANSPORTS = {
  pipes: 'cat "$IN" | "$@" | cat > "$OUT"',
  files: '"$@" < "$IN" > "$OUT"',
  'a file to append to': ': > "$OUT"; "$@" < "$IN" >> "$OUT"',
  'a terminal for the replies':
    'script -qec "$* < $IN 2> /dev/null" "$OUT.log" > /dev/null; sed 1d "$OUT.log" | head -c 20 > "$OUT"',
}

for (const [name, line] of Object.entries(TRANSPORTS)) {
  test(`answers over ${name}`, async (t) => {
    const folder = temporaryFolder(t)
    const handlers = writeHandlers(folder, HANDLERS)
    const [IN, OUT] = [join(folder, 'in'), join(folder, 'out')]
    writeFileSync(IN, frames(...QUESTIONS))
    const args = ['-c', line, 'sh', PROGRAM, '--handlers', handlers]
    const { stderr } = await finish('/bin/sh', args, undefined, { env: { ...process.env, IN, OUT } })
    assert.equal(readFileSync(OUT).toString('hex'), ANSWERS, stderr)
  })
}

test('answers over sockets', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), HANDLERS)
  const { stdout, stderr, status } = await finish(PROGRAM, ['--handlers', handlers], frames(...QUESTIONS))
  assert.equal(stdout.toString('hex'), ANSWERS, stderr)
  assert.equal(status, 0)
})

test('says only yes and no with --strict', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), HANDLERS)
  const { stdout } = await finish(PROGRAM, ['run', '--strict', '--handlers', handlers], frames(...QUESTIONS))
  assert.equal(stdout.toString('hex'), STRICT_ANSWERS)
})

test('answers one request at a time, as ejabberd asks', async (t) => {
  const { client } = start(t, ['--handlers', writeHandlers(temporaryFolder(t), HANDLERS)])
  for (let round = 0; round < 100; round++) {
    assert.equal(await client.auth('alice', 'example.org', 'pa:ss'), true)
    assert.equal(await client.auth('alice', 'example.org', 'pa'), false)
    assert.equal(await client.isuser('alice', '[2001:db8::1]'), true)
  }
  assert.equal(await client.close(), 0)
})

test('takes its input one byte at a time', async (t) => {
  const running = start(t, ['--handlers', writeHandlers(temporaryFolder(t), HANDLERS)])
  const { stdin, stdout } = running.process
  assert.ok(stdin !== null && stdout !== null)
  const replies: Buffer[] = []
  stdout.on('data', (chunk: Buffer) => replies.push(chunk))
  for (const byte of frames(...QUESTIONS, 'auth:alice:example.org:€')) {
    await new Promise((resolve) => stdin.write(Buffer.of(byte), resolve))
  }
  stdin.end()
  assert.equal(await running.ended(), 0)
  assert.equal(Buffer.concat(replies).toString('hex'), ANSWERS + REPLY.no)
})

test('takes frames of 65 535 bytes', async (t) => {
  const handlers = writeHandlers(temporaryFolder(t), '{ auth: ({ password }) => password.length === 65509 }')
  const longest = `auth:alice:example.org:${'x'.repeat(65_535 - 23)}`
  const { stdout } = await finish(PROGRAM, ['--handlers', handlers], frames(longest, longest.slice(0, -3)))
  assert.equal(stdout.toString('hex'), REPLY.no + REPLY.yes)
})

const MANY = 200_000

/** Who is asked for in a thousand questions, in no order that repeats itself within them. */
const ASKED = Array.from({ length: 1000 }, (_, at) => ((at * at) % 997 < 498 ? 'alice' : 'bob'))
const THOUSAND = Buffer.concat(ASKED.map((user) => frames(`isuser:${user}:example.org`)))
const THEIR_REPLIES = Buffer.from(
  ASKED.map((user) => (user === 'alice' ? REPLY.yes : REPLY.no)).join(''),
  'hex',
)

/** Starts the program on a named pipe, one end of which nobody reads for now. */
function startOnPipe(folder: string, flags: number) {
  const path = join(folder, 'replies')
  execFileSync('mkfifo', [path])
  // Open for reading and writing, so that opening it waits for nobody.
  const writeEnd = openSync(path, constants.O_RDWR | flags)
  const handlers = writeHandlers(folder, "{ isuser: ({ user }) => user === 'alice' }")
  const child = spawn(PROGRAM, ['--handlers', handlers], { stdio: ['pipe', writeEnd, 'inherit'] })
  const readEnd = new Socket({
    fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    writable: false,
  })
  closeSync(writeEnd)
  return { child, readEnd }
}

for (const [name, flags] of [
  ['pipe', 0],
  ['non-blocking pipe', constants.O_NONBLOCK],
] as const) {
  test(`loses none of ${MANY} replies and keeps their order when the reader of a ${name} stalls, and stops reading meanwhile`, async (t) => {
    const { child, readEnd } = startOnPipe(temporaryFolder(t), flags)
    t.after(() => child.kill('SIGKILL'))
    const batches = MANY / ASKED.length
    const accepted = await writeUntilStalled(child.stdin as Socket, THOUSAND, batches)
    assert.ok(accepted < batches, 'the program read on although its replies were not')
    child.stdin?.end(Buffer.concat(Array(batches - accepted).fill(THOUSAND)))
    const replies: Buffer = Buffer.concat(await readEnd.toArray())
    assert.equal(replies.length, MANY * 4)
    assert.ok(
      replies.equals(Buffer.concat(Array(batches).fill(THEIR_REPLIES))),
      'in the order of the questions',
    )
  })
}

/** Writes the same bytes until the program takes no more, and returns how often that was. */
async function writeUntilStalled(stdin: Socket, bytes: Buffer, most: number): Promise<number> {
  let written = 0
  while (written < most) {
    const taken = stdin.write(bytes)
    written++
    if (taken) continue
    const drained = await Promise.race([once(stdin, 'drain').then(() => true), quiet(stdin)])
    if (!drained) break
  }
  return written
}

/** Resolves to `false` when a socket has taken nothing for half a second: there is no event for that. */
async function quiet(socket: Socket): Promise<boolean> {
  let before: number
  do {
    before = socket.writableLength
    await new Promise((resolve) => setTimeout(resolve, 500))
  } while (socket.writableLength !== before)
  return false
}
