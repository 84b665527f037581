/** What the program asks the kernel to write, in every thread and child, holds no password, and lies where it should. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { leaveOut } from '../helpers/leaving-out.ts'
import { PROGRAM, type Running } from '../program/support.ts'
import { FLEETING, OTHERS, QUOTING } from './leaky.ts'
import { ask, type Logging, Scene, untilLoaded } from './scene.ts'

const LOUD: Logging = { level: 'debug', toFile: true }

/** All that carries bytes or names out of a process. */
const CALLS = [
  ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg', 'sendmmsg'],
  ...['open', 'openat', 'openat2', 'creat', 'mkdir', 'mkdirat', 'mknod', 'mknodat'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['execve', 'execveat', 'setxattr', 'memfd_create', 'prctl'],
]

/** Paths outside the scene that may be opened for writing: none of them is a file on a disk. */
const NOWHERE = /^\/(dev\/null|dev\/tty|proc\/self\/(fd|task)\/.*)$/

const works = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0
const options = { skip: leaveOut(works ? undefined : 'strace is not installed, or may not trace') }

/** A scene whose program is traced. */
class TracedScene extends Scene {
  launch(args: readonly string[]): Running {
    const trace = `strace -f -qq -xx -s 100000 -e trace=${CALLS.map((call) => `?${call}`).join()} -o '${this.#file}'`
    return this.start(args, LOUD, { program: `${trace} '${PROGRAM}'` })
  }

  /** Adds the trace to what is searched, and gives the paths that were opened to be written. */
  read(): readonly string[] {
    const lines = readFileSync(this.#file, 'latin1').split('\n')
    assert.ok(lines.length > 10, 'there is a trace')
    for (const line of lines)
      for (const bytes of stringsIn(line)) this.add(`the kernel: ${line.slice(0, 60)}`, bytes)
    return lines
      .filter((line) => /\bopenat?2?\(.*O_(WRONLY|RDWR|CREAT)/.test(line))
      .map((line) => String(stringsIn(line)[0] ?? ''))
  }

  get #file(): string {
    return this.path('given', 'trace')
  }
}

/** The texts of a line of strace, which are all in hexadecimal. */
function stringsIn(line: string): readonly Buffer[] {
  return [...line.matchAll(/"((?:\\x[\da-f]{2})*)"/g)].map(([, text = '']) =>
    Buffer.from(text.replaceAll('\\x', ''), 'hex'),
  )
}

function assertInside(scene: Scene, paths: readonly string[]): void {
  assert.ok(paths.length > 0)
  const outside = paths.filter((path) => !path.startsWith(scene.folder) && !NOWHERE.test(path))
  assert.deepEqual([...new Set(outside)], [])
}

/** The handler itself asks the kernel for something that has the password in its name. */
const HANDED_ON = /fetch|quotes a path|quotes a command/

const leaky = ['--handlers', fileURLToPath(new URL('leaky.js', import.meta.url)), '--timeout', '20']

test('with handlers that quote passwords', options, async (t) => {
  const scene = new TracedScene(t)
  const running = scene.launch(leaky)
  await untilLoaded(running)
  for (const name of [...Object.keys(QUOTING), ...Object.keys(OTHERS)].filter(
    (each) => !HANDED_ON.test(each),
  ))
    await ask(running, `auth:${name}:example.org:${scene.marks.mint(name)}`)
  await scene.end(running)
  const paths = scene.read()
  scene.assertNothingFound()
  assertInside(scene, paths)
})

test('with the account store', options, async (t) => {
  const scene = new TracedScene(t)
  const accounts = scene.path('accounts')
  const running = scene.launch(['--accounts', accounts])
  spawnSync(PROGRAM, ['account', 'add', 'alice', 'example.org', '--accounts', accounts], { input: 'sesame' })
  await untilLoaded(running)
  const [first, second] = [scene.marks.mint('the first'), scene.marks.mint('the second')]
  assert.equal(await ask(running, `setpass:alice:example.org:${first}`), 'allowed')
  assert.equal(await ask(running, `auth:alice:example.org:${first}`), 'allowed')
  assert.equal(await ask(running, `auth:alice:example.org:${second}`), 'refused')
  assert.equal(await ask(running, `tryregister:bob:example.org:${second}`), 'allowed')
  assert.equal(await ask(running, `removeuser3:bob:example.org:${first}`), 'refused')
  assert.equal(await ask(running, `removeuser3:bob:example.org:${second}`), 'allowed')
  await scene.end(running)
  const paths = scene.read()
  scene.assertNothingFound()
  assertInside(scene, paths)
  assert.ok(paths.some((path) => path.startsWith(accounts)))
})

test('what is written and taken away again is found', options, async (t) => {
  const scene = new TracedScene(t)
  const [name = ''] = Object.keys(FLEETING)
  const running = scene.launch(leaky)
  await untilLoaded(running)
  await ask(running, `auth:${name}:example.org:${scene.marks.mint('gone')}`)
  await scene.end(running)
  assert.deepEqual(scene.found(), [])
  scene.read()
  assert.deepEqual(scene.found(), ['gone'])
})
