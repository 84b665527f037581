import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import { createLog } from '../../../src/log.ts'
import { serveConnection } from '../../../src/serve.ts'
import { writtenOver } from '../../helpers/streams.ts'
import { askedOf, behavingHandlers, hasMarkedName, MARK, takesTime, WORDS } from '../behaviours.ts'
import { Clock } from '../clock.ts'
import { compareReplies, expectation } from '../expectation.ts'
import { OPERATIONS, splitFrames } from '../model.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import { Output, Source } from '../streams.ts'
import type { Target } from '../target.ts'
import { cutAnywhere, frame, makeBody, makeLargeBody, userFrom } from '../traffic.ts'

/** How a connection ends: as ejabberd ends it, in the middle of things, or by a fault. */
const ENDS = ['when all is answered', 'at once', 'signal', 'reader leaves', 'input breaks'] as const

/** One connection, from its first byte to its last. */
interface Example {
  readonly chunks: readonly Buffer[]
  readonly end: (typeof ENDS)[number]
  /** After how many bytes of replies it is ended by a signal or a fault. */
  readonly endAfter: number
  readonly operations: readonly string[]
  readonly handlers: 'there' | 'on their way' | 'none'
  readonly close: 'quick' | 'throws' | 'rejects' | 'never'
  readonly timeout: number
  readonly strict: boolean
  /** Are the chunks handed over as they are, or put together where they wait? */
  readonly whole: boolean
  readonly lazyInput: boolean
  readonly lazyOutput: boolean
  readonly room: number
}

const clock = new Clock()
const tried = property({ generate, check, show })

/** Whole connections in this process, with a time of their own. */
export const serve: Target = {
  name: 'serve',
  unit: 'frames',
  share: 100,
  count: 50,
  async run(random, count) {
    const restore = clock.install()
    try {
      return await tried(random, count)
    } finally {
      restore()
    }
  },
}

function generate(random: Random): Example {
  const end = random.pick(random.oneIn(3) ? ENDS : ENDS.slice(0, 2))
  const isOrderly = end === ENDS[0] || end === ENDS[1]
  const words = random.oneIn(3)
    ? [...WORDS.atOnce, ...WORDS.late, ...(isOrderly ? WORDS.slow : [])]
    : [...WORDS.atOnce, ...WORDS.others]
  const bytes = makeStream(random, words)
  return {
    chunks: cutAnywhere(random, bytes),
    end,
    endAfter: isOrderly ? 0 : 4 * random.below(20),
    operations: random.oneIn(3) ? OPERATIONS.filter(() => !random.oneIn(3)) : OPERATIONS,
    handlers: random.oneIn(4) ? random.pick(['on their way', 'none']) : 'there',
    close: random.oneIn(4) ? random.pick(['throws', 'rejects', 'never']) : 'quick',
    timeout: 1000 * random.between(1, 5),
    strict: random.oneIn(3),
    // Where chunks are put together it is a matter of luck which of them the end comes behind.
    whole: end === 'at once' || random.oneIn(2),
    lazyInput: random.oneIn(4),
    lazyOutput: random.oneIn(4),
    room: random.pick([65_536, 16_384, 16, 4, 1]),
  }
}

function makeStream(random: Random, words: readonly string[]): Buffer {
  const user = userFrom(words)
  const bodies = random.list(random.below(random.oneIn(4) ? 400 : 160), () => makeBody(random, user))
  if (random.oneIn(40)) bodies.push(makeLargeBody(random, user), makeBody(random, user))
  const bytes = frame(bodies)
  return random.oneIn(4) ? mutateBytes(random, bytes) : bytes
}

/** Tells how many replies were as they have to be. */
async function check(example: Example): Promise<number> {
  clock.reset()
  const expected = expectation(example)
  const seen = await observe(example, expected.replies.length)
  const isOrderly = example.end === ENDS[0] || example.end === ENDS[1]
  // What was in hand may be answered or not: but nothing else, and nothing of it twice.
  const replies = isOrderly ? expected.replies : expected.replies.slice(0, seen.replies.length)
  const asked = isOrderly ? expected.asked : expected.asked.slice(0, seen.asked.length)
  compareReplies(seen.replies, replies, splitFrames(Buffer.concat(example.chunks)).bodies)
  assert.deepEqual(seen.asked, asked)
  if (isOrderly) {
    assert.equal(seen.outcomes, replies.length, 'as many outcomes as frames')
    assert.deepEqual(seen.events, expected.events)
  }
  assert.equal(seen.closes, 1, 'close is called once')
  assert.equal(seen.quotes, false, 'a password is in the log')
  return replies.length
}

/** What a connection did. */
interface Seen {
  readonly replies: readonly string[]
  /** What the handlers were asked, in one text each. */
  readonly asked: readonly string[]
  /** How often each of the events was logged that the model knows of. */
  readonly events: Readonly<Record<string, number>>
  readonly outcomes: number
  readonly closes: number
  readonly quotes: boolean
}

async function observe(example: Example, frames: number): Promise<Seen> {
  const { chunks, end, endAfter, timeout, strict } = example
  const asked: string[] = []
  const events = { malformed_frame: 0, truncated_frame: 0, late_answer: 0 }
  let [outcomes, closes, quotes, isDone] = [0, 0, false, false]

  const input = writtenOver(new Source(chunks, { whole: example.whole, lazy: example.lazyInput }))
  const output = new Output({ highWaterMark: example.room, lazy: example.lazyOutput })
  const stop = new AbortController()
  const finish = () => {
    if (end === 'signal') stop.abort()
    else if (end === 'input breaks') input.destroy(new Error('EIO'))
    else {
      // Who reads no more writes no more, either: a port of Erlang's is closed as a whole.
      if (end === 'reader leaves') output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      input.finish()
    }
  }
  output.when(end === ENDS[0] ? 4 * frames : end === ENDS[1] ? 0 : Math.min(endAfter, 4 * frames), finish)

  /** Lets time go on until the frame in hand has its outcome. */
  const pump = () => {
    const before = outcomes
    void clock.pump(() => outcomes > before || isDone)
  }
  const handlers = behavingHandlers(example.operations, {
    wait: (after) => new Promise((resolve) => setTimeout(resolve, slowness(after))),
    tell: (request) => {
      asked.push(JSON.stringify(askedOf(request)))
      if (takesTime(request)) pump()
    },
  })
  const log = createLog((line) => {
    const event = / event=(\w+)/.exec(line)?.[1] ?? ''
    if (Object.hasOwn(events, event)) events[event as keyof typeof events]++
    quotes ||= line.includes(MARK) && !hasMarkedName(Buffer.concat(chunks))
  }, 'debug')

  await serveConnection({
    input,
    output,
    timeout,
    strict,
    log,
    handlers: () => {
      if (example.handlers === 'none') throw new Error('not loaded')
      return example.handlers === 'there' ? handlers : Promise.resolve(handlers)
    },
    signal: stop.signal,
    onOutcome: () => {
      outcomes++
    },
    close: () => {
      closes++
      return closing(example.close, () => void clock.pump(() => isDone))
    },
  })
  // Whoever is still to answer does so, and is not heard.
  await clock.pump(() => false)
  isDone = true
  return { replies: output.replies, asked, events, outcomes, closes, quotes }
}

/** How long a slow handler takes. Never as long as a deadline that is left, so that no two timers are due at the same time. */
function slowness(after: number): number {
  return 1000 * after + 1
}

function closing(how: Example['close'], pump: () => void): void | Promise<void> {
  if (how === 'throws') throw new Error('close')
  if (how === 'rejects') return Promise.reject(new Error('close'))
  if (how !== 'never') return
  pump()
  return new Promise(() => {})
}

function show({ chunks, ...rest }: Example): string {
  const { bodies, rest: left } = splitFrames(Buffer.concat(chunks))
  const texts = bodies.map((body) => inspect(body.toString('latin1'), { maxStringLength: 200 }))
  const lengths = chunks.map((chunk) => chunk.length).join(' ')
  return JSON.stringify({ ...rest, chunks: lengths, bodies: texts, left }, null, 2)
}
