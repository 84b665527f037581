/** For a minute, five virtual hosts have a program that is misconfigured, each in its own way. */
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Client } from '@xmpp/client'
import { giveTo } from './support/account.ts'
import { type Edit, GUEST_HOST, HOST, replace, withHost } from './support/configuration.ts'
import { Ejabberd } from './support/ejabberd.ts'
import { install } from './support/installation.ts'
import { login } from './support/login.ts'
import { packageRoot } from './support/package.ts'
import { isAlive, type Process } from './support/processes.ts'
import { enterRoom, speakInRoom } from './support/room.ts'
import { assertRefused } from './support/stanzas.ts'

const A_MINUTE = 60_000
const POOL = 5
const RIGHT_HANDLERS = `export default { auth: ({ password }) => password === 'for alice' }\n`
/** What the broken installation lacks: what every worker starts with, and what the store consists of. */
const MISSING_PARTS = [join('dist', 'main.js'), join('dist', 'accounts.js')] as const

interface Misconfiguration {
  title: string
  host: string
  /** What makes the host's section wrong. */
  edit: Edit
  /** What is written before ejabberd starts. */
  prepare?: () => void
  /** What stands in the log. */
  reason: RegExp
  /** Takes the cause away, without touching ejabberd. */
  mend: () => unknown
}

const MISCONFIGURATIONS: Misconfiguration[] = [
  {
    title: 'the handlers file does not exist',
    host: `absent.${HOST}`,
    edit: withHandlersIn('absent.js'),
    reason: /event=handlers_not_loaded reason="\S*absent\.js: no such file"/,
    mend: () => ejabberd.write('absent.js', RIGHT_HANDLERS),
  },
  {
    title: 'the handlers file has a syntax error',
    host: `syntax.${HOST}`,
    edit: withHandlersIn('syntax.js'),
    prepare: () => ejabberd.write('syntax.js', 'export default {\n  auth: (() => true,\n}\n'),
    reason: /event=handlers_not_loaded reason="\S*syntax\.js: SyntaxError: Unexpected token/,
    mend: () => ejabberd.write('syntax.js', RIGHT_HANDLERS),
  },
  {
    title: 'a module that the handlers file imports has a syntax error',
    host: `import.${HOST}`,
    edit: withHandlersIn('importer.js'),
    prepare: () => {
      ejabberd.write('importer.js', `export { default } from './imported.js'\n`)
      ejabberd.write('imported.js', 'export default {\n  auth() { return tru e },\n}\n')
    },
    reason:
      /event=handlers_not_loaded reason="\S*importer\.js: SyntaxError: Unexpected identifier .*imported\.js:\d+\)/,
    mend: () => ejabberd.write('imported.js', RIGHT_HANDLERS),
  },
  {
    title: 'files of the installation are missing',
    host: `installation.${HOST}`,
    edit: (section, { program }) => replace(section, program, brokenProgram()),
    prepare: breakInstallation,
    reason: /event=broken_installation reason="cannot start: .*main\.js/,
    mend: mendInstallation,
  },
]

const WRONG_ARGUMENTS = {
  title: 'an argument is misspelt',
  host: `arguments.${HOST}`,
  edit: ((section) => replace(section, ' --accounts ', ' --acounts ')) satisfies Edit,
  reason: /event=wrong_arguments reason="Unknown option --acounts: did you mean --accounts\?"/,
}

const ALL = [...MISCONFIGURATIONS, WRONG_ARGUMENTS]

let ejabberd: Ejabberd
let alice: Client
let workers: number[]
before(async () => {
  ejabberd = new Ejabberd(await install())
  for (const { prepare } of MISCONFIGURATIONS) prepare?.()
  for (const { host, edit } of ALL) ejabberd.configure(withHost(host, withLogOf(host, edit)))
  await ejabberd.start()
  for (const host of [HOST, WRONG_ARGUMENTS.host, `installation.${HOST}`])
    await ejabberd.addAccount('alice', host, 'for alice')
  const count = POOL * (ALL.length + 1)
  workers = await ejabberd.until('the workers of every host', () => pids().length === count && pids())
  alice = await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice', resource: 'listener' })
  await enterRoom(alice, 'alice')
})
after(async () => {
  await alice?.stop()
  await ejabberd?.dispose()
})

test('for a minute, group chat, BOSH and logins go on working on the other hosts, and no program ends', async () => {
  const end = performance.now() + A_MINUTE
  do {
    await Promise.all(ALL.map(({ host }) => assertRefused(visit(host), `a login at ${host}`)))
    await visit(HOST)
    await speakInRoom(ejabberd, alice, { user: 'alice', password: 'for alice' })
    await speakInRoom(ejabberd, alice, { host: GUEST_HOST })
    assert.deepEqual(pids(), workers)
    assert.ok(
      programs().length <= workers.length + POOL,
      'more than one attempt per worker of the broken host',
    )
  } while (performance.now() < end)
  assert.ok(
    !/reached_max_restart_intensity|terminated unexpectedly/.test(ejabberd.log()),
    ejabberd.evidence(),
  )
})

for (const { title, host, reason } of ALL) {
  test(`the log says that ${title}`, () => {
    const lines = logOf(host).split('\n')
    const found = lines.some((line) => reason.test(line))
    assert.ok(found, `no line like ${reason} in the log, which begins:\n${lines.slice(0, 20).join('\n')}`)
  })
}

describe('without touching ejabberd, logins work', () => {
  for (const { title, host, mend } of MISCONFIGURATIONS) {
    test(`when it is no longer so that ${title}`, async () => {
      await mend()
      await ejabberd.until(`the workers of ${host} to heal`, () => healed(host) === POOL)
      await assertServes(host)
    })
  }

  test('and the programs are those from the beginning', () => assert.deepEqual(pids(), workers))
})

test('corrected arguments work after reload_config, which leaves the programs of the other hosts alone', async () => {
  const { host } = WRONG_ARGUMENTS
  ejabberd.configure((text) => replace(text, ' --acounts ', ' --accounts '))
  const { status } = await ejabberd.ctl('reload_config')
  assert.equal(status, 0)
  await ejabberd.until(`the new workers of ${host}`, () => healed(host) === POOL)
  await assertServes(host)
  const survivors = workers.filter(isAlive)
  assert.equal(survivors.length, workers.length - POOL)
})

async function visit(host: string, password = 'for alice'): Promise<void> {
  await (await login(ejabberd, 'tcp', { user: 'alice', host, password })).stop()
}

/** As many logins at a time as there are workers, more than once, so that each of them is asked. */
async function assertServes(host: string): Promise<void> {
  for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: POOL }, () => visit(host)))
  await assertRefused(visit(host, 'for bob'))
}

/** The programs that a shell of ejabberd's has started; what they start in turn does not count. */
function pids(): number[] {
  const shells = ejabberd.processes().filter(({ argv }) => argv[0] === 'sh')
  return programs()
    .filter(({ parent }) => shells.some(({ pid }) => pid === parent))
    .map(({ pid }) => pid)
    .sort()
}

/** All but those that only look for the line of a mistake. */
function programs(): Process[] {
  return ejabberd
    .processes()
    .filter(({ argv: [command, file] }) => command?.endsWith('node') && file !== '--input-type=module')
}

function withHandlersIn(name: string): Edit {
  return (section, { accounts }) =>
    replace(section, ` --accounts ${accounts} `, ` --handlers ${join(dirname(accounts), name)} `)
}

/** Every host has its own log, so that one reason is not taken for another. */
function withLogOf(host: string, edit: Edit): Edit {
  return (section, places) => replace(edit(section, places), places.programLog, logFile(host))
}

function logFile(host: string): string {
  return join(ejabberd.installation.folder, 'log', `${host}.log`)
}

function logOf(host: string): string {
  return readFileSync(logFile(host), 'utf8')
}

function healed(host: string): number {
  return logOf(host).split('event=handlers_loaded').length - 1
}

function brokenPackage(): string {
  return join(ejabberd.installation.folder, 'broken')
}

function brokenProgram(): string {
  return join(brokenPackage(), 'dist', 'cli.js')
}

function breakInstallation(): void {
  mkdirSync(brokenPackage())
  for (const name of ['dist', 'package.json'])
    cpSync(join(packageRoot(), name), join(brokenPackage(), name), { recursive: true, dereference: true })
  for (const part of MISSING_PARTS) rmSync(join(brokenPackage(), part))
  giveTo(ejabberd.installation.account, brokenPackage())
}

/** One file after the other, and what the other one is stands in the log. */
async function mendInstallation(): Promise<void> {
  const [first, second] = MISSING_PARTS
  copyFileSync(join(packageRoot(), first), join(brokenPackage(), first))
  await ejabberd.until('the log to name the second file', () =>
    /event=broken_installation .*accounts\.js/.test(logOf(`installation.${HOST}`)),
  )
  copyFileSync(join(packageRoot(), second), join(brokenPackage(), second))
}
