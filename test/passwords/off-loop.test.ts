import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { offLoop } from '../../src/passwords/off-loop.ts'

const SALT = Buffer.from('12345678')
const stretch = (rounds: number, signal?: AbortSignal) =>
  offLoop('stretchPhpass', ['md5', rounds, SALT, Buffer.from('x')], signal)

test('calls made at the same time get the results that are theirs', async () => {
  const [one, two, again] = await Promise.all([stretch(1), stretch(2), stretch(1)])
  assert.deepEqual(one, again)
  assert.notDeepEqual(one, two)
})

test('the event loop turns while the thread works', async () => {
  let turns = 0
  let isDone = false
  const work = stretch(2 ** 18).then(() => {
    isDone = true
  })
  while (!isDone) {
    await turn()
    turns++
  }
  await work
  assert.ok(turns > 100, `${turns} turns`)
})

test('an aborted signal is answered at once, and nobody who waits behind it is harmed', async () => {
  const controller = new AbortController()
  const order: string[] = []
  const slow = stretch(2 ** 18, controller.signal).catch((error: Error) => order.push(error.message))
  const queued = stretch(2 ** 18, controller.signal).catch((error: Error) => order.push(error.message))
  const last = stretch(1).then(() => order.push('last'))
  controller.abort(new Error('too late'))
  await Promise.all([slow, queued, last])
  assert.deepEqual(order, ['too late', 'too late', 'last'])
})

test('a signal that is aborted already starts nothing', async () => {
  await assert.rejects(stretch(1, AbortSignal.abort(new Error('too late'))), /too late/)
})

test('what a task throws rejects its call, and the next one is answered', async () => {
  const wrong = ['no digest', 1, SALT, SALT] as unknown as Parameters<typeof offLoop<'stretchPhpass'>>[1]
  await assert.rejects(offLoop('stretchPhpass', wrong))
  assert.equal((await stretch(1)).length, 16)
})

const MODULE = new URL('../../src/passwords/off-loop.js', import.meta.url)

/** A program that can hash, and how Node.js is started with it. */
const program = (script: string) => [
  '--input-type=module',
  '-e',
  `
    import { offLoop } from '${MODULE}'
    const bytes = Buffer.from('x')
    const hash = () => offLoop('stretchPhpass', ['md5', 1000, bytes, bytes])
    const answer = () => hash().then(({ length }) => length, ({ code, message }) => code ?? message)
    ${script}
  `,
]

test('a program ends when it has its answer, and not before', () => {
  const output = execFileSync(process.execPath, program('console.log(await answer())'), { encoding: 'utf8' })
  assert.equal(output, '16\n')
})

/** Root has no limit of processes. */
const USER = process.getuid?.() === 0 ? { uid: 65_533, gid: 65_533 } : {}
const READ = ['-e', 'fs.accessSync(process.argv[1])', fileURLToPath(MODULE)]
const skip =
  process.platform !== 'linux'
    ? 'needs prlimit'
    : spawnSync(process.execPath, READ, USER).status !== 0 && 'only root can read these files'

test('where no thread can be started all who wait are told, and later calls are answered', {
  skip,
  timeout: 60_000,
}, async (t) => {
  const script = `
    process.on('message', async (calls) => process.send(await Promise.all(Array.from({ length: calls }, answer))))
    process.send('ready')
  `
  const child = spawn(process.execPath, program(script), { stdio: ['ignore', 2, 2, 'ipc'], ...USER })
  t.after(() => child.kill())
  const limit = (...args: readonly string[]) => {
    const options = { encoding: 'utf8', stdio: 'pipe', ...USER } as const
    return execFileSync('prlimit', ['--pid', String(child.pid), ...args], options).trim()
  }
  const answers = async (calls: number) => {
    child.send(calls)
    return (await once(child, 'message'))[0]
  }

  await once(child, 'message')
  const most = limit('--nproc', '--output=HARD', '--noheadings', '--raw')
  limit('--nproc=1:')
  assert.deepEqual(await answers(3), Array(3).fill('ERR_WORKER_INIT_FAILED'))
  limit(`--nproc=${most}:`)
  assert.deepEqual(await answers(2), [16, 16])
})

test('a thread that ends without an answer is an error, and the next call has another thread', () => {
  const endThread = encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    parentPort?.on('message', () => process.exit(7))
  `)
  const output = execFileSync(
    process.execPath,
    program('console.log([await answer(), await answer()].join())'),
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${endThread}` },
    },
  )
  const refusal = 'The thread for hashes ended with status 7'
  assert.equal(output, `${refusal},${refusal}\n`)
})
