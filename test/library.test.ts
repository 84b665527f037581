import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Handlers } from '../src/handlers.ts'
import { type ServeOptions, serve } from '../src/library.ts'
import { holdTime } from './helpers/clock.ts'
import { Sink } from './helpers/streams.ts'
import { settled } from './helpers/turns.ts'
import { frames, NEITHER, NO, YES } from './helpers/wire.ts'

function start(handlers: Handlers, options: ServeOptions = {}) {
  const [input, output] = [new PassThrough(), new Sink()]
  const lines: string[] = []
  const writeLog = (line: string) => lines.push(line)
  const done = serve(handlers, { streams: { input, output }, writeLog, ...options })
  return { input, output, lines, done }
}

test('handlers are served over streams until the input ends, and then closed', async () => {
  let closes = 0
  const { input, output, done } = start({
    isuser: ({ user }) => user === 'alice',
    close() {
      closes++
    },
  })
  input.end(frames('isuser:alice:x', 'isuser:bob:x', 'auth:alice:x:y'))
  await done
  assert.equal(output.hex, YES + NO + NO)
  assert.equal(closes, 1)
})
test('close keeps its `this`', async () => {
  class Accounts {
    closed = false
    isuser() {
      return true
    }
    close() {
      this.closed = true
    }
  }
  const accounts = new Accounts()
  const { input, done } = start(accounts)
  input.end()
  await done
  assert.equal(accounts.closed, true)
})
test('strict answers nothing but yes and no', async () => {
  for (const [strict, expected] of [
    [true, NO],
    [false, NEITHER],
  ] as const) {
    const { input, output, done } = start({ setpass: () => false }, { strict })
    input.end(frames('setpass:a:b:c'))
    await done
    assert.equal(output.hex, expected)
  }
})
test('the deadline is five seconds if nobody says otherwise', async (t) => {
  const clock = holdTime(t)
  const { input, output, done } = start({ isuser: () => new Promise(() => {}) })
  input.write(frames('isuser:a:b'))
  await settled()
  await clock.advance(4999)
  assert.equal(output.hex, '')
  await clock.advance(1)
  assert.equal(output.hex, NEITHER)
  input.end()
  await done
})
test('the deadline is what is asked for', async (t) => {
  const clock = holdTime(t)
  const { input, output, done } = start({ isuser: () => new Promise(() => {}) }, { timeout: 10 })
  input.write(frames('isuser:a:b'))
  await settled()
  await clock.advance(10)
  assert.equal(output.hex, NEITHER)
  input.end()
  await done
})
test('the signal ends it', async () => {
  const controller = new AbortController()
  const { output, input, done } = start({ isuser: () => true }, { signal: controller.signal })
  input.write(frames('isuser:a:b'))
  await output.until(4)
  controller.abort()
  await done
  assert.equal(output.hex, YES)
})
test('log lines go where one says, of the level one says', async () => {
  for (const [logLevel, count] of [
    ['debug', 2],
    ['info', 1],
    ['error', 0],
  ] as const) {
    const { input, lines, done } = start({ auth: () => false, isuser: () => true }, { logLevel })
    input.end(frames('auth:a:b:c', 'isuser:a:b'))
    await done
    assert.equal(lines.length, count)
    for (const line of lines) assert.match(line, /^time=\S+ level=\w+ event=request operation=.*\n$/)
  }
})
test('a log that throws costs nobody his login', async () => {
  const writeLog = () => {
    throw new Error('no space left')
  }
  const { input, output, done } = start({ auth: ({ user }) => user === 'a' }, { writeLog, logLevel: 'debug' })
  input.end(frames('auth:a:b:c', 'auth:b:b:c', 'auth:a:b:c'))
  await done
  assert.equal(output.hex, YES + NO + YES)
})

const misused = (title: string, handlers: unknown, options: object, error: object) =>
  test(`refused: ${title}`, async () => {
    const { input, output, done } = start(handlers as Handlers, options)
    input.end(frames('isuser:a:b'))
    await assert.rejects(done, error)
    assert.equal(output.hex, '')
  })
const good = { isuser: () => true }
misused('no handlers', undefined, {}, { code: 'ERR_HANDLERS' })
misused('an empty object', {}, {}, { code: 'ERR_HANDLERS' })
misused('a function', () => good, {}, { code: 'ERR_HANDLERS' })
misused(
  'a handler of another name',
  { isUser: () => true },
  {},
  { code: 'ERR_HANDLERS', message: /write isuser/ },
)
for (const timeout of [0, -1, 30_000, Number.NaN, Number.POSITIVE_INFINITY]) {
  misused(`a timeout of ${timeout}`, good, { timeout }, { name: 'RangeError', message: /`timeout`/ })
}
misused(
  'a level that does not exist',
  good,
  { logLevel: 'verbose' },
  { name: 'RangeError', message: /`logLevel`/ },
)

test('over streams of its own it leaves the process alone', async () => {
  const before = [process.stdout, process.stdin, process.exit, process.listenerCount('SIGTERM')]
  const { input, done } = start(good)
  input.end()
  await done
  assert.deepEqual([process.stdout, process.stdin, process.exit, process.listenerCount('SIGTERM')], before)
})
