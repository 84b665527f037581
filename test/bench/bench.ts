/**
 * What it costs, compared with others in the same run: `npm run bench`, or with the names of some sections behind `--`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asMarkdown, asText, type Effort, type Measured, type Section } from './report.ts'
import { accounts } from './sections/accounts.ts'
import { backends } from './sections/backends.ts'
import { ejabberd } from './sections/ejabberd.ts'
import { loading } from './sections/loading.ts'
import { memory } from './sections/memory.ts'
import { roundTrips } from './sections/round-trips.ts'
import { start } from './sections/start.ts'
import { throughput } from './sections/throughput.ts'
import { timing } from './sections/timing.ts'

const SECTIONS: Readonly<Record<string, Section>> = {
  'round-trips': roundTrips,
  throughput,
  start,
  memory,
  accounts,
  timing,
  ejabberd,
  backends,
  loading,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string' },
    accounts: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter((name) => !Object.hasOwn(SECTIONS, name))
if (unknown.length > 0) {
  throw new Error(`Expected some of ${Object.keys(SECTIONS).join(', ')}, got ${unknown.join(', ')}`)
}

const folder = mkdtempSync(join(tmpdir(), 'extauth-bench-'))
try {
  const effort: Effort = {
    folder,
    quick: values.quick,
    users: wholeNumber('users', values.users ?? (values.quick ? '10' : '300')),
    accounts: wholeNumber('accounts', values.accounts ?? (values.quick ? '10000' : '100000')),
  }
  const report: Record<string, Measured> = {}
  for (const [name, measure] of Object.entries(SECTIONS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    const measured = await measure(effort)
    report[name] = measured
    if (!values.json) print(name, measured)
  }
  if (values.json) {
    console.log(JSON.stringify({ node: process.version, processors: cpus().length, report }, null, 2))
  }
} finally {
  rmSync(folder, { recursive: true })
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new Error(`Expected --${option} to be a whole number, got ${text}`)
}

function print(name: string, { figures }: Measured): void {
  console.log(values.markdown ? `\n### ${name}\n\n${asMarkdown(figures)}` : `\n${name}\n${asText(figures)}`)
}
