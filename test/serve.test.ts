import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { UndecidedError } from '../src/errors.ts'
import { encodeFrame } from '../src/frame.ts'
import type { Answer, Handlers } from '../src/handlers.ts'
import type { LogLevel } from '../src/log.ts'
import { type Connection, serveConnection } from '../src/serve.ts'
import { holdTime } from './helpers/clock.ts'
import { type RecordedLog, recordLog } from './helpers/log.ts'
import { Sink, StalledSink, writtenOver } from './helpers/streams.ts'
import { defer, settled } from './helpers/turns.ts'
import { byteByByte, cut, frames, NEITHER, NO, YES } from './helpers/wire.ts'

const TIMEOUT = 5000

interface Served {
  readonly input: PassThrough
  readonly output: Sink
  readonly log: RecordedLog
  /** Fulfilled when the connection has ended. */
  readonly done: Promise<void>
  readonly closes: () => number
}

function start(
  handlers: Handlers,
  options: Partial<Omit<Connection, 'output'>> & { output?: Sink; level?: LogLevel } = {},
): Served {
  const { output = new Sink(), level, ...rest } = options
  const input = writtenOver(new PassThrough())
  const log = recordLog(level)
  let closes = 0
  const close = () => {
    closes++
  }
  const done = serveConnection({
    input,
    output,
    handlers: () => handlers,
    timeout: TIMEOUT,
    strict: false,
    log,
    close,
    ...rest,
  })
  return { input, output, log, done, closes: () => closes }
}

/** Asks about each of these users, and returns all that was answered, in hex. */
async function replies(isuser: (user: string) => Answer, users: readonly string[]): Promise<string> {
  const { input, output, done } = start({ isuser: ({ user }) => isuser(user) })
  input.end(frames(...users.map((user) => `isuser:${user}:x`)))
  await done
  return output.hex
}

function asked(...users: readonly string[]): Buffer {
  return frames(...users.map((user) => `isuser:${user}:x`))
}

test('a connection without a frame ends without a reply', async () => {
  const { input, output, done, closes } = start({})
  input.end()
  await done
  assert.equal(output.hex, '')
  assert.equal(closes(), 1)
})
test('each frame gets exactly one reply, in order', async () => {
  const answers: Record<string, Answer> = {
    a: true,
    b: false,
    c: Promise.resolve(true),
    d: Promise.resolve(false),
  }
  assert.equal(
    await replies((user) => answers[user] ?? false, ['a', 'b', 'c', 'd', 'a']),
    YES + NO + YES + NO + YES,
  )
})
test('a reply comes while the input is open', async () => {
  const { input, output, done } = start({ isuser: () => true })
  input.write(asked('a'))
  await output.until(4)
  assert.equal(output.hex, YES)
  input.end()
  await done
})
test('a frame may come one byte at a time', async () => {
  const { input, output, done } = start({ isuser: () => true })
  for (const byte of byteByByte(asked('a', 'b'))) {
    input.write(byte)
    await settled(2)
  }
  input.end()
  await done
  assert.equal(output.hex, YES + YES)
})
test('a frame that is no request is refused, and the next one is served', async () => {
  const { input, output, log, done } = start({ isuser: () => true, auth: () => true }, { level: 'warn' })
  input.end(frames('', 'nonsense', 'auth:a', 'constructor:a:b', Buffer.alloc(65_535, 0xff), 'isuser:a:x'))
  await done
  assert.equal(output.hex, NO.repeat(5) + YES)
  assert.equal(log.lines.filter((line) => line.includes('event=malformed_frame')).length, 5)
})
test('a failure is 00 02 by default, as is a refused setpass', async () => {
  const { input, output, done } = start({ auth: () => Promise.reject(new Error()), setpass: () => false })
  input.end(frames('auth:a:b:c', 'setpass:a:b:c', 'setpass:a:b', 'isuser:a:b'))
  await done
  assert.equal(output.hex, NEITHER + NEITHER + NEITHER + NO)
})
test('strictly, there is nothing but yes and no', async () => {
  const { input, output, done } = start(
    { auth: () => Promise.reject(new Error()), setpass: () => false, isuser: () => true },
    { strict: true },
  )
  input.end(frames('auth:a:b:c', 'setpass:a:b:c', 'setpass:a:b', 'isuser:a:b'))
  await done
  assert.equal(output.hex, NO + NO + NO + YES)
})
test('the outcome is told before the reply is written', async () => {
  const told: string[] = []
  const output = new Sink()
  const onOutcome = ({ kind }: { kind: string }) => told.push(`${kind} after ${output.bytes} bytes`)
  const { input, done } = start({ isuser: async ({ user }) => user === 'a' }, { output, onOutcome })
  input.end(asked('a', 'b'))
  await done
  assert.deepEqual(told, ['allowed after 0 bytes', 'refused after 4 bytes'])
})

test('a handler is not called before the one before it has settled', async () => {
  const events: string[] = []
  const gates = ['a', 'b', 'c'].map((user) => ({ user, gate: defer<boolean>() }))
  const { input, done } = start({
    isuser: async ({ user }) => {
      events.push(`${user} asked`)
      const answer = await gates.find((each) => each.user === user)?.gate.promise
      events.push(`${user} answered`)
      return answer === true
    },
  })
  input.write(asked('a', 'b'))
  input.end(asked('c'))
  for (const { user, gate } of gates) {
    await settled()
    assert.equal(events.at(-1), `${user} asked`)
    gate.resolve(true)
  }
  await done
  assert.deepEqual(events, ['a asked', 'a answered', 'b asked', 'b answered', 'c asked', 'c answered'])
})
test('the replies to the frames of one chunk go out together', async () => {
  const { input, output, done } = start({ isuser: () => true })
  input.end(asked('a', 'b', 'c'))
  await done
  assert.deepEqual(output.writes, [YES + YES + YES])
})
test('an answer that is there is not held back by a later one that is slow', async () => {
  const slow = defer<boolean>()
  const { input, output, done } = start({ isuser: ({ user }) => (user === 'slow' ? slow.promise : true) })
  input.end(asked('a', 'b', 'slow', 'c'))
  await output.until(8)
  await settled()
  assert.equal(output.hex, YES + YES)
  slow.resolve(false)
  await done
  assert.equal(output.hex, YES + YES + NO + YES)
})
test('no more input is read than is answered', async () => {
  const slow = defer<boolean>()
  let read = 0
  const input = Readable.from(
    (function* () {
      for (; read < 100; read++) yield asked('a')
    })(),
    { objectMode: false, highWaterMark: 16 },
  )
  const { output, done } = start({ isuser: () => slow.promise }, { input })
  await settled()
  assert.ok(read < 10, `read ${read} chunks`)
  slow.resolve(true)
  await done
  assert.equal(output.hex, YES.repeat(100))
})

test('a request that hangs is failed at its deadline, and the next one is served', async (t) => {
  const clock = holdTime(t)
  const hanging = defer<boolean>()
  const { input, output, log, done } = start({
    isuser: ({ user }) => (user === 'hang' ? hanging.promise : true),
  })
  input.write(asked('hang', 'a'))
  await settled()
  await clock.advance(TIMEOUT - 1)
  assert.equal(output.hex, '')
  await clock.advance(1)
  assert.equal(output.hex, NEITHER + YES)
  hanging.resolve(true)
  await settled()
  assert.equal(output.hex, NEITHER + YES)
  assert.match(
    log.lines.join('\n'),
    /event=late_answer operation=isuser user=hang server=x outcome=allowed ms=5000/,
  )
  input.end()
  await done
  assert.equal(output.hex, NEITHER + YES)
})
test('after the end of the input all that hangs is failed within one timeout in total', async (t) => {
  const clock = holdTime(t)
  const { input, output, done } = start({ isuser: () => new Promise(() => {}) })
  input.end(asked(...Array.from({ length: 50 }, (_, index) => `u${index}`)))
  await settled()
  await clock.advance(TIMEOUT)
  await clock.advance(60, 1)
  await done
  assert.equal(output.hex, NEITHER.repeat(50))
})
test('the end of the input shortens the time of what is still to come', async (t) => {
  const clock = holdTime(t)
  const { input, output, done } = start({ isuser: () => new Promise(() => {}) })
  input.write(asked('a', 'b', 'c'))
  await settled()
  await clock.advance(3000)
  input.end()
  await settled()
  await clock.advance(2000)
  assert.equal(output.hex, NEITHER)
  await clock.advance(2000)
  assert.equal(output.hex, NEITHER)
  await clock.advance(1000)
  await clock.advance(10, 1)
  await done
  assert.equal(output.hex, NEITHER.repeat(3))
})

test('a reader that stalls loses no reply and costs no memory', async () => {
  const total = 200_000
  const perChunk = 5000
  const chunk = asked(...Array.from({ length: perChunk }, (_, index) => (index % 3 === 0 ? 'yes' : 'no')))
  let chunks = 0
  const input = Readable.from(
    (function* () {
      for (; chunks < total / perChunk; chunks++) yield chunk
    })(),
    { objectMode: false },
  )
  const output = new StalledSink({ highWaterMark: 16_384 })
  const { done } = start({ isuser: ({ user }) => user === 'yes' }, { input, output, log: recordLog('error') })
  while (!output.stalls) await settled(1)
  await settled()
  assert.ok(chunks < 10, `read ${chunks} chunks of which none was answered`)
  output.flow()
  await done
  assert.ok(output.peak <= 2 * 4 * perChunk, `up to ${output.peak} bytes waited`)
  const expected = Array.from({ length: perChunk }, (_, index) => (index % 3 === 0 ? YES : NO)).join('')
  assert.equal(output.hex, expected.repeat(total / perChunk))
})

test('what comes while the reader stalls is answered when it goes on, also where the input has ended', async () => {
  const output = new StalledSink({ highWaterMark: 1 })
  const { input, done } = start({ isuser: () => true }, { output })
  input.write(asked('a'))
  while (!output.stalls) await settled(1)
  input.end(asked('b'))
  await settled()
  output.flow()
  await done
  assert.equal(output.hex, YES + YES)
})
test('a request that a reply brings about, in the same turn, is answered after those before it', async () => {
  const slow = defer<boolean>()
  const asks: string[] = []
  const input = new PassThrough()
  const output = new Sink()
  output.once('taken', () => {
    input.write(asked('c'))
    slow.resolve(true)
  })
  const isuser = ({ user }: { user: string }) => {
    asks.push(user)
    return user === 'b' ? slow.promise.then(() => Boolean(asks.push('b is done'))) : user === 'a'
  }
  const { done } = start({ isuser }, { input, output })
  input.write(asked('a', 'b'))
  await output.until(12)
  input.end()
  await done
  assert.deepEqual(asks, ['a', 'b', 'b is done', 'c'])
  assert.equal(output.hex, YES + YES + NO)
})
test('a request that a handler brings about, in the same turn, is answered after its own', async () => {
  const input = new PassThrough()
  const isuser = ({ user }: { user: string }) => {
    if (user === 'a') input.write(asked('b'))
    return user === 'a'
  }
  const { output, done } = start({ isuser }, { input })
  input.write(asked('a'))
  await output.until(8)
  input.end()
  await done
  assert.equal(output.hex, YES + NO)
})
test('an input that was paused is read', async () => {
  const input = new PassThrough()
  input.pause()
  const { output, done } = start({ isuser: () => true }, { input })
  input.end(asked('a'))
  await done
  assert.equal(output.hex, YES)
})
test('an output that is closed ends the connection, and is no error', async () => {
  const { input, output, log, done, closes } = start({ isuser: () => true })
  input.write(asked('a'))
  await output.until(4)
  output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  input.write(asked('b', 'c'))
  await done
  assert.equal(output.hex, YES)
  assert.equal(closes(), 1)
  assert.equal(input.destroyed, true)
  const last = log.lines.at(-1) ?? ''
  assert.match(last, /^level=debug event=output_closed reason=".*, because of Error: write EPIPE"$/)
})
test('an output that is closed while a request is in hand ends the connection after it', async () => {
  const slow = defer<boolean>()
  const { input, output, log, done, closes } = start({ isuser: () => slow.promise })
  input.write(asked('a'))
  await settled()
  output.destroy()
  slow.resolve(true)
  await done
  assert.equal(output.hex, '')
  assert.equal(closes(), 1)
  assert.doesNotMatch(log.lines.join('\n'), /level=(error|warn)/)
})
test('an output that is closed while its reader stalls ends the connection', async () => {
  const output = new StalledSink({ highWaterMark: 8 })
  const { input, done, closes } = start({ isuser: () => true }, { output })
  input.write(asked('a', 'b', 'c'))
  while (!output.stalls) await settled(1)
  output.destroy()
  await done
  assert.equal(closes(), 1)
})
test('an input that breaks is logged, after what was read has been answered', async () => {
  const { input, output, log, done, closes } = start({ isuser: () => true })
  input.write(asked('a'))
  await output.until(4)
  input.destroy(new Error('EIO'))
  await done
  assert.equal(output.hex, YES)
  assert.equal(closes(), 1)
  assert.equal(log.lines.at(-1), 'level=error event=input_failed reason="Error: EIO"')
})
test('an input that is closed without an end is logged', async () => {
  const { input, log, done } = start({})
  input.destroy()
  await done
  assert.match(log.lines.join(), /level=error event=input_failed/)
})
test('a frame that is cut off is logged, after those before it have been answered', async () => {
  const { input, output, log, done } = start({ isuser: () => true }, { level: 'error' })
  input.end(Buffer.concat([asked('a', 'b'), encodeFrame('isuser:secret:x').subarray(0, 9)]))
  await done
  assert.equal(output.hex, YES + YES)
  assert.equal(log.lines.length, 1)
  assert.match(log.lines[0] ?? '', /^level=error event=truncated_frame reason="Expected 15 bytes/)
  assert.doesNotMatch(log.lines[0] ?? '', /secret/)
})

test('aborted while idle, the connection ends at once', async () => {
  const controller = new AbortController()
  const { input, output, log, done, closes } = start({ isuser: () => true }, { signal: controller.signal })
  input.write(asked('a'))
  await output.until(4)
  controller.abort()
  await done
  assert.equal(output.hex, YES)
  assert.equal(closes(), 1)
  assert.doesNotMatch(log.lines.join('\n'), /level=(error|warn)/)
})
test('aborted before it begins, the connection ends at once', async () => {
  const { output, done, closes } = start({ isuser: () => true }, { signal: AbortSignal.abort() })
  await done
  assert.equal(output.hex, '')
  assert.equal(closes(), 1)
})
test('aborted inside a frame, the connection ends and reports no frame as cut off', async () => {
  const controller = new AbortController()
  const { input, log, done } = start({}, { signal: controller.signal })
  input.write(Buffer.of(0, 9, 1))
  await settled()
  controller.abort()
  await done
  assert.deepEqual(log.lines, [])
})
test('aborted with a request in hand, that one is answered and no more is read', async () => {
  const controller = new AbortController()
  const slow = defer<boolean>()
  const seen: string[] = []
  const { input, output, done, closes } = start(
    {
      isuser: ({ user }) => {
        seen.push(user)
        return slow.promise
      },
    },
    { signal: controller.signal },
  )
  input.write(asked('a'))
  await settled()
  controller.abort()
  await settled()
  assert.equal(closes(), 0)
  slow.resolve(true)
  await done
  assert.equal(output.hex, YES)
  assert.deepEqual(seen, ['a'])
  assert.equal(closes(), 1)
})
test('aborted with requests in hand that hang, each is failed within one timeout in total', async (t) => {
  const clock = holdTime(t)
  const controller = new AbortController()
  const { input, output, done } = start(
    { isuser: () => new Promise(() => {}) },
    { signal: controller.signal },
  )
  input.write(asked('a', 'b', 'c', 'd'))
  await settled()
  await clock.advance(1000)
  controller.abort()
  await clock.advance(TIMEOUT - 1000)
  assert.equal(output.hex, NEITHER)
  await clock.advance(1000)
  await clock.advance(20, 1)
  await done
  assert.equal(output.hex, NEITHER.repeat(4))
})
test('aborted while the reader stalls, the connection gives it up after the timeout', async (t) => {
  const clock = holdTime(t)
  const controller = new AbortController()
  const output = new StalledSink({ highWaterMark: 8 })
  const { input, done, closes } = start({ isuser: () => true }, { output, signal: controller.signal })
  input.write(asked('a', 'b', 'c'))
  while (!output.stalls) await settled(1)
  controller.abort()
  await clock.advance(TIMEOUT - 1)
  assert.equal(closes(), 0)
  await clock.advance(1)
  await done
  assert.equal(output.destroyed, true)
  assert.equal(closes(), 1)
})
test('aborted while the reader stalls, a reader that goes on gets all replies', async () => {
  const controller = new AbortController()
  const output = new StalledSink({ highWaterMark: 8 })
  const { input, done } = start({ isuser: () => true }, { output, signal: controller.signal })
  input.write(asked('a', 'b', 'c'))
  while (!output.stalls) await settled(1)
  controller.abort()
  await settled()
  output.flow()
  await done
  assert.equal(output.hex, YES.repeat(3))
})

const closing = (title: string, close: () => void | Promise<void>, reason: RegExp | undefined) =>
  test(`close is called once: ${title}`, async (t) => {
    const clock = holdTime(t)
    let calls = 0
    const { input, log, done } = start(
      {},
      {
        close: () => {
          calls++
          return close()
        },
      },
    )
    input.end()
    await settled()
    await clock.advance(TIMEOUT)
    await done
    assert.equal(calls, 1)
    assert.equal(log.lines.length, reason === undefined ? 0 : 1)
    if (reason !== undefined) assert.match(log.lines[0] ?? '', reason)
  })
closing('it returns', () => {}, undefined)
closing('it takes its time', () => new Promise((resolve) => setTimeout(resolve, TIMEOUT - 1)), undefined)
closing(
  'it throws',
  () => {
    throw new Error('no')
  },
  /^level=error event=close_failed reason="Error: no"$/,
)
closing(
  'it rejects',
  () => Promise.reject(new Error('no')),
  /^level=error event=close_failed reason="Error: no"$/,
)
closing(
  'it hangs',
  () => new Promise(() => {}),
  /event=close_failed reason="Error: close has not finished within 5000 ms"/,
)
test('close is called after the last reply has been written', async () => {
  const slow = defer<boolean>()
  const output = new Sink()
  let written = -1
  const close = () => {
    written = output.bytes
  }
  const { input, done } = start({ isuser: () => slow.promise }, { output, close })
  input.end(asked('a'))
  await settled()
  assert.equal(written, -1)
  slow.resolve(true)
  await done
  assert.equal(written, 4)
})
test('a connection without a close just ends', async () => {
  const { input, done } = start({}, { close: undefined })
  input.end()
  await done
})
test('nothing of ours listens to the signal afterwards', async () => {
  const { signal } = new AbortController()
  const listening = new Set<unknown>()
  signal.addEventListener = (_: string, listener: unknown) => void listening.add(listener)
  signal.removeEventListener = (_: string, listener: unknown) => void listening.delete(listener)
  const { input, done } = start({}, { signal })
  assert.equal(listening.size, 1)
  input.end()
  await done
  assert.equal(listening.size, 0)
})
test('what nobody can find out by choice is no error in the log', async () => {
  const isuser = () => {
    throw new UndecidedError('who exists is not known')
  }
  const { input, output, log, done } = start({ isuser })
  input.end(frames('isuser:alice:example.org'))
  await done
  assert.equal(output.hex, '00020002')
  assert.match(
    log.lines.join(),
    /level=debug event=request .* outcome=failed .* reason="who exists is not known"/,
  )
})
test('neither a password nor a certificate nor a frame gets into the log at any level', async () => {
  const SECRET = 'hunter2'
  const { input, log, done } = start({
    auth: ({ password }) => {
      throw new Error(`wrong: ${password}`)
    },
    setpass: () => SECRET as unknown as boolean,
    certauth: () => false,
  })
  const requests = ['auth', 'setpass', 'tryregister', 'certauth', 'nonsense'].map(
    (name) => `${name}:a:b:${SECRET}`,
  )
  input.end(frames(...requests, SECRET, `auth:${SECRET}`, `isuser:a:b:${SECRET}`))
  await done
  assert.equal(log.lines.length, 8)
  assert.doesNotMatch(log.lines.join('\n'), /hunter2/)
})

const BEHAVIOURS = {
  allows: { act: () => true, kind: 'allowed' },
  refuses: { act: () => false, kind: 'refused' },
  throws: { act: () => assert.fail('thrown'), kind: 'failed' },
  allowsLater: { act: async () => true, kind: 'allowed' },
  refusesMuchLater: { act: () => settled(3).then(() => false), kind: 'refused' },
  allowsMuchLater: { act: () => settled(2).then(() => true), kind: 'allowed' },
  rejects: { act: () => Promise.reject(undefined), kind: 'failed' },
  saysNothing: { act: () => undefined, kind: 'failed' },
  saysYesInWords: { act: async () => 'yes', kind: 'failed' },
} as const
type Behaviour = keyof typeof BEHAVIOURS

/** What a reader of the protocol would expect, in one expression. */
function expected(operation: string, behaviour: Behaviour, strict: boolean): string {
  const { kind } = BEHAVIOURS[behaviour]
  if (operation === 'unknown') return NO
  if (kind === 'allowed') return YES
  return (kind === 'failed' || operation === 'setpass') && !strict ? NEITHER : NO
}

test('whatever comes, in whatever chunks, and whatever the handlers do: one reply a frame, in order', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          operation: fc.constantFrom('auth', 'isuser', 'setpass', 'unknown'),
          behaviour: fc.constantFrom(...(Object.keys(BEHAVIOURS) as Behaviour[])),
        }),
        { maxLength: 12 },
      ),
      fc.array(fc.nat()),
      fc.boolean(),
      fc.integer({ min: 1, max: 16 }),
      async (requests, numbers, strict, highWaterMark) => {
        const act = ({ user }: { user: string }) => BEHAVIOURS[user as Behaviour].act() as Answer
        const output = new Sink({ highWaterMark })
        const { input, done } = start({ auth: act, isuser: act, setpass: act }, { output, strict })
        const stream = frames(
          ...requests.map(({ operation, behaviour }) =>
            operation === 'isuser' ? `isuser:${behaviour}:x` : `${operation}:${behaviour}:x:p:w`,
          ),
        )
        for (const chunk of cut(stream, ...numbers.map((number) => number % (stream.length + 1)))) {
          if (!input.write(chunk)) await once(input, 'drain')
          await settled(1)
        }
        input.end()
        await done
        const model = requests
          .map(({ operation, behaviour }) => expected(operation, behaviour, strict))
          .join('')
        assert.equal(output.hex, model)
      },
    ),
    { numRuns: 200 },
  ))
