/** What Node.js itself writes about its trouble holds no password; what the memory of a process holds is kept from disk. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { frames } from '../helpers/wire.ts'
import { PROGRAM, type Running } from '../program/support.ts'
import { ask, Scene, untilLoaded } from './scene.ts'

const LEAKY = ['--handlers', fileURLToPath(new URL('leaky.js', import.meta.url))]
const TALKATIVE = '--trace-warnings --trace-deprecation --trace-uncaught --report-uncaught-exception'
const ACTS = [
  'throws it out of nowhere',
  'throws it as a text out of nowhere',
  'forgets a promise that is rejected with it',
  'forgets a promise that is rejected with a text',
  'emits it as an error that nobody hears',
  'warns of it in its own words',
  'has Node.js warn of it',
] as const

/** A scene in which Node.js reports all that it can. */
class ReportingScene extends Scene {
  launch(args: readonly string[], options: string, program = `'${PROGRAM}'`): Running {
    mkdirSync(this.path('reports'))
    const reports = `--report-directory=${this.path('reports')} --report-on-fatalerror --report-on-signal`
    const env = { NODE_OPTIONS: `${reports} ${options}` }
    return this.start(args, { level: 'debug', toFile: false }, { env, program })
  }

  get reports(): readonly string[] {
    return readdirSync(this.path('reports'))
  }
}

test('a diagnostic report holds no password', async (t) => {
  const scene = new ReportingScene(t)
  const running = scene.launch(LEAKY, TALKATIVE)
  await untilLoaded(running)
  for (const name of ACTS)
    assert.equal(await ask(running, `auth:${name}:example.org:${scene.marks.mint(name)}`), 'allowed')
  running.process.kill('SIGUSR2')
  await running.logged(/report completed/)
  await scene.end(running)
  assert.equal(scene.reports.length, 1)
  scene.assertNothingFound()
})

/** The end of a process that cannot be survived, with a password in its hands. */
const ENDS: Readonly<Record<string, { handler: string; reports: number; options?: string }>> = {
  'runs out of memory': {
    handler: 'const all = []; for (;;) all.push({ copy: all.length + password })',
    reports: 1,
    options: '--max-old-space-size=24',
  },
  aborts: { handler: 'process.abort()', reports: 0 },
  'is killed by its own hand': { handler: 'process.kill(process.pid, "SIGSEGV")', reports: 0 },
}

const sourceOf = (handler: string) =>
  `export default { isuser: () => true, auth({ password }) { globalThis.kept = \`kept \${password}\`; ${handler} } }\n`

/** Lets a program come to such an end. */
async function die(scene: ReportingScene, name: string, limit: string, secret: string): Promise<void> {
  const { handler = '', options = '' } = ENDS[name] ?? {}
  const shackled = `sh -c 'ulimit -c ${limit}; exec "$0" "$@"' '${PROGRAM}'`
  const running = scene.launch(
    ['--handlers', scene.give('handlers.mjs', sourceOf(handler))],
    options,
    shackled,
  )
  await untilLoaded(running)
  const ended = once(running.process, 'close')
  running.process.stdin?.write(frames(`auth:alice:example.org:${secret}`))
  await ended
  assert.match(String(running.process.signalCode), /^SIG(ABRT|SEGV|TRAP)$/)
}

describe('a program leaves no password behind', () => {
  for (const [name, { reports }] of Object.entries(ENDS)) {
    test(`when it ${name}`, async (t) => {
      const scene = new ReportingScene(t)
      await die(scene, name, '0', scene.marks.mint(name))
      assert.equal(scene.reports.length, reports)
      scene.assertNothingFound()
    })
  }
})

const PATTERN = '/proc/sys/kernel/core_pattern'
const writesCores =
  existsSync(PATTERN) &&
  !/[|/]/.test(readFileSync(PATTERN, 'utf8')) &&
  execFileSync('sh', ['-c', 'ulimit -H -c'], { encoding: 'utf8' }) === 'unlimited\n'

test('a core file would hold it: the limit is what keeps it from being written', {
  skip: writesCores ? false : 'no core files here, or elsewhere',
}, async (t) => {
  const scene = new ReportingScene(t)
  const secret = scene.marks.mintWord('in memory')
  await die(scene, 'aborts', 'unlimited', secret)
  const [core = ''] = readdirSync(scene.path('work')).filter((name) => name.includes('core'))
  assert.ok(readFileSync(scene.path('work', core)).includes(secret))
})
