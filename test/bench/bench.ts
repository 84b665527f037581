/**
 * What it costs, compared with others in the same run: `npm run bench`, or with the names of some sections behind `--`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Cost, measureHttp, measureSql } from './backends.ts'
import { timeLoading } from './loading.ts'
import { table } from './measure.ts'
import { measureMemory } from './memory.ts'
import { type Command, programs } from './programs.ts'
import type { RoundTrip } from './round-trips.ts'
import { measureStarts } from './starts.ts'
import { measureThroughput } from './throughput.ts'

/** One line of the report: what was measured, and what it is to be, if there is a goal. */
interface Figure {
  name: string
  value: number
  unit: string
  /** The most that the value should be, or, with `atLeast`, the least. */
  goal?: number
  atLeast?: boolean
}

const SECTIONS = {
  'round-trips': roundTrips,
  throughput,
  start,
  memory,
  backends,
  loading,
} as const satisfies Record<string, (folder: string) => Promise<Figure[]>>

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
const chosen = Object.entries(SECTIONS).filter(
  ([name]) => positionals.length === 0 || positionals.includes(name),
)
if (chosen.length === 0) throw new Error(`Expected some of ${Object.keys(SECTIONS).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'extauth-bench-'))
try {
  const report: Record<string, Figure[]> = {}
  for (const [name, measure] of chosen) {
    report[name] = await measure(folder)
    if (!values.json) console.log(`\n${name}\n${table(report[name].map(line))}`)
  }
  if (values.json)
    console.log(JSON.stringify({ node: process.version, processors: cpus().length, report }, null, 2))
} finally {
  rmSync(folder, { recursive: true })
}

async function roundTrips(): Promise<Figure[]> {
  const script = fileURLToPath(new URL(`./round-trips${import.meta.url.slice(-3)}`, import.meta.url))
  const output = execFileSync('taskset', ['-c', '0', process.execPath, script], { encoding: 'utf8' })
  const measured = JSON.parse(output) as Record<string, RoundTrip>
  const { ours, C, 'naive Node.js': naive } = measured
  const figures = Object.entries(measured).flatMap(([name, { median, p99, processor }]) => [
    { name: `${name}: median`, value: median, unit: 'us' },
    { name: `${name}: 99th percentile`, value: p99, unit: 'us' },
    { name: `${name}: processor time`, value: processor, unit: 'us' },
  ])
  return [
    ...figures,
    ...(ours && C
      ? [
          ratio('median, ours to C', ours.median, C.median, 1.6),
          ratio('processor time, ours to C', ours.processor, C.processor, 2.5),
        ]
      : []),
    ...(ours && naive
      ? [ratio('processor time, ours to naive Node.js', ours.processor, naive.processor, 1)]
      : []),
  ]
}

async function throughput(folder: string): Promise<Figure[]> {
  // The naive one takes a chunk for a frame, and loses the order when a frame is cut.
  const { 'naive Node.js': _, ...commands } = programs(folder)
  const rates = await measureThroughput(folder, commands, { rounds: 5, requests: 400_000 })
  const { ours = Number.NaN, C, 'Python sample': python } = rates
  return [
    ...Object.entries(rates).map(([name, value]) => ({ name, value, unit: 'requests/s' })),
    ...(C === undefined ? [] : [{ ...ratio('ours to C', ours, C, 2), atLeast: true }]),
    ...(python === undefined ? [] : [{ ...ratio('ours to Python', ours, python, 3), atLeast: true }]),
  ]
}

async function start(folder: string): Promise<Figure[]> {
  const times = await measureStarts(folder, programs(folder), 21)
  const { ours = Number.NaN, 'node -e 0': nothing = Number.NaN, 'Python sample': python } = times
  return [
    ...Object.entries(times).map(([name, value]) => ({ name, value, unit: 'ms' })),
    ratio('ours to node -e 0', ours, nothing, 1.25),
    ...(python === undefined ? [] : [ratio('ours to Python', ours, python, 1)]),
  ]
}

async function memory(folder: string): Promise<Figure[]> {
  const { bare, start, after } = await measureMemory(
    folder,
    programs(folder)['ours'] as Command,
    [100_000, 1_000_000],
  )
  const last = after.get(1_000_000) ?? start
  return [
    { name: 'bare Node.js, resident', value: bare.resident, unit: 'MiB' },
    { name: 'bare Node.js, private and written', value: bare.privateDirty, unit: 'MiB' },
    { name: 'ours after the start, resident', value: start.resident, unit: 'MiB' },
    { name: 'ours after the start, private and written', value: start.privateDirty, unit: 'MiB' },
    { name: 'ours after a million requests, resident', value: last.resident, unit: 'MiB' },
    { name: 'ours after a million requests, private and written', value: last.privateDirty, unit: 'MiB' },
    ratio('resident, after a million requests to bare', last.resident, bare.resident, 1.2),
  ]
}

async function backends(): Promise<Figure[]> {
  const rounds = { rounds: 31, calls: 200 }
  return [
    ...costs('sql', 'pool.query of pg', await measureSql(rounds)),
    ...costs('http', 'fetch', await measureHttp(rounds)),
  ]
}

function costs(name: string, bareName: string, { backend, bare }: Cost): Figure[] {
  return [
    { name, value: backend, unit: 'us' },
    { name: bareName, value: bare, unit: 'us' },
    ratio(`${name} to ${bareName}`, backend, bare, 1.3),
  ]
}

async function loading(): Promise<Figure[]> {
  const modules = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql'].map((name) => `backends/${name}`)
  const { '': nothing = Number.NaN, ...times } = Object.fromEntries(await timeLoading(modules, 21))
  return [
    { name: 'without a backend', value: nothing, unit: 'ms' },
    ...Object.entries(times).map(([name, time]) => ({
      name: `more with ${name}`,
      value: time - nothing,
      unit: 'ms',
      goal: 10,
    })),
  ]
}

function ratio(name: string, value: number, reference: number, goal: number): Figure {
  return { name: `ratio: ${name}`, value: value / reference, unit: '', goal }
}

function line({ name, value, unit, goal, atLeast = false }: Figure): string[] {
  const met = goal !== undefined && (atLeast ? value >= goal : value <= goal)
  const told =
    goal === undefined ? '' : `goal: ${atLeast ? 'at least' : 'at most'} ${goal}${met ? '' : ', missed'}`
  return [`  ${name}`, value >= 1000 ? value.toFixed(0) : value.toFixed(2), unit, told]
}
