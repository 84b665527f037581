/** Hostile input for everything that meets it: `npm run fuzz`. */
import { randomInt } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { count, markdownTable } from '../bench/report.ts'
import { commandLine } from '../helpers/command-line.ts'
import { collectGarbage } from '../helpers/garbage.ts'
import { Random, seedOf } from './random.ts'
import { Divergence, type Target } from './target.ts'
import { TARGETS } from './targets.ts'

/** Compiled code and its statistics go on growing for a while; a leak of 100 bytes for each frame is a gigabyte in an hour. */
const TOLERANCE = 16 * 2 ** 20
/** Connections that are just being closed. */
const SOME = 8

const USAGE = `Usage: npm run fuzz -- [options]

  --minutes N     how long (1)
  --seed N        the same input as in an earlier run
  --target NAME   one of these alone: ${TARGETS.map(({ name }) => name).join(', ')}
  --round N       one round of it, as a divergence says`

const { values, refuse, wholeNumber, number } = commandLine(USAGE, {
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    minutes: { type: 'string', default: '1' },
    target: { type: 'string' },
    round: { type: 'string' },
  },
})
const seed = wholeNumber('seed', values.seed, 0)
const duration = number('minutes', values.minutes, 0.01) * 60_000
const onlyRound = values.round === undefined ? undefined : wholeNumber('round', values.round, 0)
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
if (targets.length === 0) refuse(`Expected --target to be a target, got ${values.target}`)

/** How a target has fared. */
interface Score {
  readonly target: Target
  rounds: number
  size: number
  milliseconds: number
}

const scores = targets.map((target): Score => ({ target, rounds: 0, size: 0, milliseconds: 0 }))

console.log(`seed ${seed}`)
process.exitCode = await (onlyRound === undefined ? runAll() : runOne(onlyRound))

async function runOne(round: number): Promise<number> {
  for (const score of scores) {
    score.rounds = round
    if (!(await play(score))) return 1
  }
  return 0
}

async function runAll(): Promise<number> {
  const start = performance.now()
  const elapsed = () => performance.now() - start
  let told = 0
  let early: Held | undefined
  let isAsExpected = true
  while (elapsed() < duration && isAsExpected) {
    const next = scores.reduce((least, score) => (standing(score) < standing(least) ? score : least))
    isAsExpected = await play(next)
    if (elapsed() > duration / 4) early ??= await held()
    if (elapsed() - told < Math.max(5000, duration / 60)) continue
    told = elapsed()
    console.log(`${Math.round(told / 1000)} s: ${tried()}`)
  }
  const late = await held()
  const growth: Growth = { early: early ?? late, late }
  console.log(`\n${report(elapsed(), growth)}\n`)
  const faults = faultsOf(growth)
  for (const fault of faults) console.log(fault)
  return isAsExpected && faults.length === 0 ? 0 : 1
}

/** How much of its share a target has had. */
function standing({ target, milliseconds }: Score): number {
  return milliseconds / target.share
}

/** The next round of a target; a round is the same for the same seed, whatever was before it. */
async function play(score: Score): Promise<boolean> {
  const { target } = score
  const round = score.rounds++
  const start = performance.now()
  try {
    score.size += await target.run(new Random(seedOf(seed, target.name, round)), target.count)
    return true
  } catch (failure) {
    const text = failure instanceof Divergence ? failure.message : failure
    console.log(`\n${target.name} diverges, seed ${seed}, round ${round}:\n`, text)
    if (failure instanceof Divergence) console.log('\n', failure.cause)
    console.log(`\nAgain: npm run fuzz -- --seed ${seed} --target ${target.name} --round ${round}`)
    return false
  } finally {
    score.milliseconds += performance.now() - start
  }
}

function tried(): string {
  const all = (unit: Target['unit']) =>
    scores.reduce((sum, { target, size }) => sum + (target.unit === unit ? size : 0), 0)
  return `${count(all('frames'))} frames, ${count(all('cases'))} cases`
}

/** For people, and for a page. */
function report(milliseconds: number, { early, late }: Growth): string {
  const change = (shown: (held: Held) => string) => `${shown(early)} -> ${shown(late)}`
  const run = [
    ['seed', String(seed)],
    ['minutes', (milliseconds / 60_000).toFixed(1)],
    ['tried', tried()],
    ['in use after a quarter of the time -> at the end', change(({ memory }) => mebibytes(memory))],
    ['open descriptors', change(({ descriptors }) => String(descriptors))],
  ]
  const rows = scores.map(({ target, size, milliseconds }) => [
    target.name,
    ...(target.unit === 'frames' ? [count(size), ''] : ['', count(size)]),
    (milliseconds / 1000).toFixed(1),
    count(Math.round((1000 * size) / milliseconds)),
  ])
  const targets = [['target', 'frames', 'cases', 'seconds', 'a second'], ...rows]
  return [[['', ''], ...run], targets].map(markdownTable).join('\n\n')
}

/** What this process holds on to. */
interface Held {
  /** In bytes. */
  readonly memory: number
  /** How many files and connections are open; 0 where that cannot be seen. */
  readonly descriptors: number
}

/** What is in use once what is not is gone: some of it is let go only when a first collection has told that it can be. */
async function held(): Promise<Held> {
  for (let collections = 0; collections < 2; collections++) {
    await turn()
    collectGarbage()
  }
  const { heapUsed, external } = process.memoryUsage()
  const open = '/proc/self/fd'
  return { memory: heapUsed + external, descriptors: existsSync(open) ? readdirSync(open).length : 0 }
}

interface Growth {
  readonly early: Held
  readonly late: Held
}

function faultsOf({ early, late }: Growth): string[] {
  return [
    ...(late.memory > early.memory + TOLERANCE
      ? [`memory has grown by more than ${mebibytes(TOLERANCE)}`]
      : []),
    ...(late.descriptors > early.descriptors + SOME ? ['descriptors have been left open'] : []),
  ]
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
