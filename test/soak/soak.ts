/**
 * An hour of mixed traffic, on one worker on pipes and on a pool under a real ejabberd, and what has become of memory,
 * descriptors and latency: `npm run soak`.
 */
import { randomInt, scrypt } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Random, seedOf } from '../fuzz/random.ts'
import { commandLine } from '../helpers/command-line.ts'
import { Ledger } from './ledger.ts'
import { Piped } from './piped.ts'
import { Pool } from './pool.ts'
import { makeReport, type Report, shown } from './report.ts'
import { LEAST_MINUTES, partOf, scheduleFor } from './schedule.ts'
import { CONTROL } from './verdict.ts'
import { Watch } from './watch.ts'

/** How often it is looked at what the workers hold, in milliseconds. */
const LOOK_EVERY = 1000
/** How often we make a hash ourselves, in the parts that are compared, in milliseconds. */
const CONTROL_EVERY = 3000
/** How often it is told how things stand, in milliseconds. */
const TELL_EVERY = 30_000

const USAGE = `Usage: npm run soak -- [options]

  --minutes N   how long (60)
  --rate N      questions in a second on pipes (200)
  --visits N    clients that come to ejabberd in a second (2)
  --seed N      what is asked, and when, as in an earlier run
  --json        prints the report for machines`

const { values, wholeNumber, number } = commandLine(USAGE, {
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
    visits: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    json: { type: 'boolean', default: false },
  },
})
const minutes = number('minutes', values.minutes, LEAST_MINUTES)
const rate = number('rate', values.rate, 0.1)
const visits = number('visits', values.visits, 0.1)
const seed = wholeNumber('seed', values.seed, 0)
const schedule = scheduleFor(minutes)
const tell = values.json ? console.error : console.log

// What anybody leaves behind in the folder for temporary files is seen at the end.
const folder = mkdtempSync(join(tmpdir(), 'extauth-soak-'))
chmodSync(folder, 0o755)
process.env['TMPDIR'] = folder
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

const report = await soak()
console.log(values.json ? JSON.stringify(report, null, 2) : `\n${shown(report)}`)
process.exitCode = report.faults.length === 0 ? 0 : 1

async function soak(): Promise<Report> {
  tell(`${minutes} minutes, seed ${seed}`)
  const random = (what: string) => new Random(seedOf(seed, what))
  const ledger = new Ledger(schedule)
  const own = join(folder, 'piped')
  const pool = await Pool.start(ledger, random('pool'))
  let piped: Piped | undefined
  try {
    piped = await Piped.start(own, ledger, random('pipes'))
    const watch = new Watch(ledger, [
      { name: 'on pipes', pid: piped.worker },
      ...pool.workers.map((pid, index) => ({ name: `ejabberd's, ${index + 1}`, pid })),
    ])
    ledger.begin()
    await Promise.all([
      orComplain(ledger, 'on pipes', piped.traffic(rate)),
      orComplain(ledger, 'at ejabberd', pool.traffic(visits)),
      orComplain(ledger, 'reloading', reload(ledger, [piped, pool])),
      look(ledger, watch),
      control(ledger),
    ])
    await orComplain(ledger, 'the end on pipes', piped.end())
    await orComplain(ledger, 'the end of ejabberd', pool.end())
    const reloads = { pipes: piped.reloads, ejabberd: pool.reloads }
    piped.dispose()
    rmSync(own, { recursive: true })
    await pool.dispose()
    for (const name of readdirSync(folder))
      ledger.complain(`${name} was left in the folder for temporary files`)
    return makeReport(ledger, watch, { minutes, seed, reloads })
  } catch (error) {
    piped?.dispose()
    await pool.dispose()
    throw error
  }
}

/** Rotates the logs and loads the handlers anew, here and there, from time to time. */
async function reload(ledger: Ledger, places: readonly { reload(): Promise<void> }[]): Promise<void> {
  const every = ledger.schedule.reloadEvery
  for (let due = every / 2; due < ledger.schedule.duration; due += every) {
    await pause(due - ledger.now)
    await Promise.all(places.map((place) => place.reload()))
  }
}

async function look(ledger: Ledger, watch: Watch): Promise<void> {
  let told = 0
  for (; !ledger.isOver; await pause(LOOK_EVERY)) {
    watch.look()
    if (ledger.now - told < TELL_EVERY) continue
    told = ledger.now
    tell(
      `${Math.round(told / 1000)} s: ${ledger.asked} answers, ${ledger.wrong} of them wrong; ${watch.summary()}`,
    )
  }
}

/** Does what a login costs most for, without any of the program. */
async function control(ledger: Ledger): Promise<void> {
  const hash = promisify<string, string, number, object, Buffer>(scrypt)
  for (; !ledger.isOver; await pause(CONTROL_EVERY)) {
    if (partOf(ledger.schedule, ledger.now) === undefined) continue
    const start = performance.now()
    await hash('password', 'salt', 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 26 })
    ledger.took(CONTROL, performance.now() - start)
  }
}

async function orComplain(ledger: Ledger, what: string, work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) =>
    ledger.complain(`${what}: ${error instanceof Error ? error.stack : error}`),
  )
}
