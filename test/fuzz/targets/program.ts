import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { packageRoot } from '../../e2e/support/package.ts'
import { hasMarkedName, MARK, WORDS } from '../behaviours.ts'
import { compareReplies, expectation } from '../expectation.ts'
import { OPERATIONS, splitFrames } from '../model.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere, frame, makeBody, makeLargeBody, userFrom } from '../traffic.ts'

/** A life of the program: what is written to it, each when the one before is answered, and then its input ends. */
interface Example {
  readonly exchanges: readonly (readonly Buffer[])[]
  /** How it ends; at once with the last bytes, little time is left for them. */
  readonly end: 'when all is answered' | 'at once' | 'signal'
  /** In milliseconds. */
  readonly timeout: number
  /** Is it told to load the handlers anew between two exchanges? */
  readonly reloads: boolean
  readonly strict: boolean
  readonly logLevel: string
}

/** The built program, spawned as ejabberd spawns it, over pipes. */
export const program: Target = {
  name: 'program',
  unit: 'frames',
  share: 12,
  count: 1,
  run: property({ generate, check, show }),
}

function generate(random: Random): Example {
  const end = random.pick(['when all is answered', 'at once', 'signal'] as const)
  const isLate = random.oneIn(3)
  const all = [...WORDS.atOnce, ...WORDS.others, ...WORDS.disturbing]
  // Where there is little time, whether something that takes any is in time is a matter of luck.
  const quick = all.filter((word) => !word.startsWith('soon'))
  const words = isLate ? quick : all
  const slow = [...words, ...(isLate ? WORDS.late : WORDS.slow)]
  const exchange = (isLast: boolean) => {
    const isLong = random.oneIn(3)
    const isSlow = random.oneIn(3) && !isLong
    const user = userFrom(isLast && end === 'at once' ? quick : isSlow ? slow : words)
    const bodies = random.list(random.below(isLong ? 1500 : 60), () => makeBody(random, user))
    if (random.oneIn(8)) bodies.push(makeLargeBody(random, user))
    // With the end right behind it, a write that comes after a pause of a deadline's length is given up.
    const isGivenUp = (body: Buffer) =>
      isLast && isLate && end === 'at once' && /^(setpass|tryregister):/.test(body.toString('latin1'))
    const bytes = frame(bodies.filter((body) => !isAmbiguous(body) && !isGivenUp(body)))
    const isDamaged = isLast && !(isLate && end === 'at once') && random.oneIn(2)
    return cutAnywhere(random, isDamaged ? mutateBytes(random, bytes) : bytes)
  }
  const count = random.below(20)
  return {
    exchanges: random.list(count + 1, () => false).map((_, index) => exchange(index === count)),
    end,
    timeout: isLate ? SHORT_TIMEOUT : LONG_TIMEOUT,
    reloads: random.oneIn(4),
    strict: random.oneIn(3),
    logLevel: random.pick(['info', 'debug']),
  }
}

/** Two timers one after the other, within a deadline: what the machine does meanwhile decides. */
function isAmbiguous(body: Buffer): boolean {
  return body.includes('removeuser3') && body.includes('slow-')
}

/** Each deadline that is met costs so much, in milliseconds. */
const SHORT_TIMEOUT = 20
/** Nothing is met by this one, however busy the machine is. */
const LONG_TIMEOUT = 20_000

/** Tells how many replies were as they have to be. */
async function check(example: Example): Promise<number> {
  const { exchanges, end, timeout, reloads, strict, logLevel } = example
  const folder = mkdtempSync(join(tmpdir(), 'extauth-fuzz-'))
  const options = ['--timeout', String(timeout / 1000), '--log-level', logLevel]
  const running = start(folder, strict ? ['--strict', ...options] : options)
  try {
    await running.logged('event=handlers_loaded')
    const { replies, events } = expectation({
      chunks: exchanges.flat(),
      end: 'when all is answered',
      operations: OPERATIONS,
      handlers: 'there',
      // What is slow here is quick enough, and what is late is later than anything.
      timeout: 1e9,
      strict,
    })
    let sent = Buffer.alloc(0)
    for (const [index, chunks] of exchanges.entries()) {
      const isLast = index === exchanges.length - 1
      await running.write(chunks)
      if (isLast && end === 'at once') running.process.stdin?.end()
      else if (reloads) running.process.kill('SIGHUP')
      sent = Buffer.concat([sent, ...chunks])
      await running.replied(splitFrames(sent).bodies.length)
    }
    if (end === 'signal') running.process.kill('SIGTERM')
    else running.process.stdin?.end()
    const status = await running.ended
    compareReplies(running.replies, replies, splitFrames(sent).bodies)
    assert.equal(status, 0, running.log.slice(-2000))
    if (end !== 'signal') assert.equal(running.count('truncated_frame'), events.truncated_frame)
    assert.equal(running.count('malformed_frame'), events.malformed_frame)
    assert.ok(!running.log.includes(MARK) || hasMarkedName(sent), 'a password is in the log')
    return replies.length
  } finally {
    running.process.kill('SIGKILL')
    await running.ended
    rmSync(folder, { recursive: true })
  }
}

/** The other end of the pipes. */
interface Running {
  readonly process: ChildProcess
  readonly replies: readonly string[]
  readonly log: string
  readonly ended: Promise<number | null>
  write(chunks: readonly Buffer[]): Promise<void>
  /** Waits for so many replies in all, or for the end. */
  replied(count: number): Promise<void>
  /** Waits for a word in the log, or for the end. */
  logged(word: string): Promise<void>
  count(event: string): number
}

function start(folder: string, args: readonly string[]): Running {
  const handlers = join(folder, 'handlers.mjs')
  const behaviours = new URL(`../behaviours${import.meta.url.slice(-3)}`, import.meta.url)
  writeFileSync(handlers, `export { programHandlers as default } from ${JSON.stringify(behaviours.href)}\n`)
  const cli = join(packageRoot(), 'dist', 'cli.js')
  const child = spawn(cli, ['--handlers', handlers, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close').then(() => child.exitCode)
  const output: Buffer[] = []
  let [bytes, log, isOver] = [0, '', false]
  let wake = () => {}
  child.stdout.on('data', (chunk: Buffer) => {
    output.push(chunk)
    bytes += chunk.length
    wake()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
    wake()
  })
  void ended.then(() => {
    isOver = true
    wake()
  })
  child.stdin.on('error', () => {}) // then it has ended, and that is seen below
  const until = async (isSo: () => boolean) => {
    while (!isSo() && !isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    process: child,
    ended,
    get replies() {
      return (
        Buffer.concat(output)
          .toString('hex')
          .match(/.{1,8}/g) ?? []
      )
    },
    get log() {
      return log
    },
    async write(chunks) {
      for (const chunk of chunks) {
        child.stdin.write(chunk)
        if (child.stdin.writableNeedDrain) await Promise.race([once(child.stdin, 'drain'), ended])
      }
    },
    replied: (count) => until(() => bytes >= 4 * count),
    logged: (word) => until(() => log.includes(word)),
    count: (event) => log.split(` event=${event} `).length - 1,
  }
}

function streamOf({ exchanges }: Example): Buffer {
  return Buffer.concat(exchanges.flat())
}

function show(example: Example): string {
  const { bodies, rest } = splitFrames(streamOf(example))
  const texts = bodies.map((body) => inspect(body.toString('latin1'), { maxStringLength: 200 }))
  const lengths = example.exchanges.map((chunks) => chunks.map((chunk) => chunk.length).join(' '))
  return JSON.stringify({ ...example, exchanges: lengths, bodies: texts, rest }, null, 2)
}
