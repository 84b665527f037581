/** What it costs, compared with others in the same run: `npm run bench`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandLine } from '../helpers/command-line.ts'
import { draw } from './chart.ts'
import { asMarkdown, asText, type Effort, type Measured, type Section } from './report.ts'
import { accounts } from './sections/accounts.ts'
import { backends } from './sections/backends.ts'
import { ejabberd } from './sections/ejabberd.ts'
import { loading } from './sections/loading.ts'
import { memory } from './sections/memory.ts'
import { roundTrips } from './sections/round-trips.ts'
import { start } from './sections/start.ts'
import { throughput } from './sections/throughput.ts'
import { sqlTiming, timing } from './sections/timing.ts'

const SECTIONS: Readonly<Record<string, Section>> = {
  'round-trips': roundTrips,
  throughput,
  start,
  memory,
  accounts,
  timing,
  'sql-timing': sqlTiming,
  ejabberd,
  backends,
  loading,
}

/** What `--json` prints. */
interface Report {
  /** Where it was measured. */
  where: string
  report: Record<string, Measured>
}

const USAGE = `Usage: npm run bench -- [options] [section ...]

Sections: ${Object.keys(SECTIONS).join(', ')}

  --users N      how many users of the account store log in, each with a hash of their own (300)
  --accounts N   how many accounts the large store has (100000)
  --core N       the core that both ends of a pipe are pinned to where one request is asked at a time (the first)
  --quick        so little that it only shows that everything runs
  --json         prints everything at the end, for machines
  --markdown     prints tables for a page
  --svg FILE     draws a chart
  --from FILE    measures nothing, and prints or draws what --json has printed before`

const { values, positionals, refuse, wholeNumber } = commandLine(USAGE, {
  allowPositionals: true,
  options: {
    users: { type: 'string' },
    accounts: { type: 'string' },
    core: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    svg: { type: 'string' },
    from: { type: 'string' },
  },
})
const strangers = positionals.filter((name) => !Object.hasOwn(SECTIONS, name))
if (strangers.length > 0) refuse(`Expected names of sections, got ${strangers.join(', ')}`)

const report = values.from === undefined ? await measure() : read(values.from)
if (values.json) console.log(JSON.stringify(report, null, 2))
if (values.svg !== undefined) {
  const panels = Object.values(report.report).flatMap(({ panels = [] }) => panels)
  writeFileSync(values.svg, draw(panels, report.where))
}

async function measure(): Promise<Report> {
  const report: Report = { where: where(), report: {} }
  const effort: Effort = {
    folder: temporaryFolder(),
    quick: values.quick,
    core: values.core ?? firstCore(),
    users: wholeNumber('users', values.users ?? (values.quick ? '10' : '300'), 1),
    accounts: wholeNumber('accounts', values.accounts ?? (values.quick ? '10000' : '100000'), 1),
  }
  print(report.where)
  for (const name of chosen()) {
    const section = await measureSection(name, effort)
    if (section === undefined) continue
    report.report[name] = section
    printSection(name, section)
  }
  return report
}

/** The others are measured all the same if one cannot be, for example because a server is not installed. */
async function measureSection(name: string, effort: Effort): Promise<Measured | undefined> {
  try {
    return await SECTIONS[name]?.(effort)
  } catch (error) {
    console.error(`\n${name}: not measured.`, error)
    process.exitCode = 1
    return undefined
  }
}

function read(file: string): Report {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  print(report.where)
  for (const name of chosen()) {
    const section = report.report[name]
    if (section !== undefined) printSection(name, section)
  }
  return report
}

function chosen(): string[] {
  return Object.keys(SECTIONS).filter((name) => positionals.length === 0 || positionals.includes(name))
}

function printSection(name: string, section: Measured): void {
  print(values.markdown ? `\n### ${name}\n\n${asMarkdown(section)}` : `\n${name}\n${asText(section)}`)
}

/** Nothing but JSON where a machine reads. */
function print(text: string): void {
  if (!values.json) console.log(text)
}

function where(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `Node.js ${process.version}, ${processors.length} × ${model}`
}

/** The first core that this process may use: a container may not have number 0. */
function firstCore(): string {
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
}

/** Goes with the process, however that ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'extauth-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  return folder
}
