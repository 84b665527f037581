/** Frames that are no requests, streams that are cut off and installations that are broken: none of it is written. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { packageRoot } from '../e2e/support/package.ts'
import { frames } from '../helpers/wire.ts'
import type { Running } from '../program/support.ts'
import { ask, LOGGINGS, Scene } from './scene.ts'

const HANDLERS = ['--handlers', fileURLToPath(new URL('leaky.js', import.meta.url))]
const MOST = 65_535

/** Bodies that no handler is asked about, made of a secret. */
const MALFORMED: Readonly<Record<string, (secret: string) => string | Buffer>> = {
  'the password alone': (secret) => secret,
  'the password in place of the operation': (secret) => `${secret}:alice:example.org:${secret}`,
  'an operation in capitals': (secret) => `AUTH:alice:example.org:${secret}`,
  'the name of a method': (secret) => `constructor:alice:example.org:${secret}`,
  'no user and no server': (secret) => `auth:${secret}`,
  'no server': (secret) => `auth::${secret}`,
  'no user': (secret) => `tryregister::example.org:${secret}`,
  'no name of a server': (secret) => `removeuser3:alice::${secret}`,
  'a password where there is none': (secret) => `isuser:alice:example.org:${secret}`,
  'a password to remove with': (secret) => `removeuser:alice:example.org:${secret}`,
  'a password that is no UTF-8': (secret) =>
    Buffer.concat([Buffer.from(`auth:alice:example.org:${secret}`), Buffer.of(0xff)]),
  'a user that is no UTF-8': (secret) =>
    Buffer.concat([Buffer.from('auth:'), Buffer.of(0xff), Buffer.from(`:example.org:${secret}`)]),
  'nothing but passwords': (secret) => `${secret}\n`.repeat(2000),
}

/** A frame as long as one can be, and a password as long as can be in it. */
const LARGE = (secret: string) => {
  const head = 'auth:in a message:example.org:'
  return (head + secret.repeat(Math.ceil(MOST / secret.length))).slice(0, MOST)
}

describe('what is in a frame is not written', { concurrency: 2 }, () => {
  for (const logging of LOGGINGS) {
    test(`at the level ${logging.level}, ${logging.toFile ? 'to a file' : 'to standard error'}`, async (t) => {
      const scene = new Scene(t)
      const running = scene.start(HANDLERS, logging)
      for (const [name, make] of Object.entries(MALFORMED)) {
        // A word: a colon in it would begin another field.
        assert.equal(await ask(running, make(scene.marks.mintWord(name))), 'refused', name)
      }
      const large = Buffer.from(LARGE(scene.marks.mintWord('a large frame')))
      assert.equal(await ask(running, large), 'failed')
      await cutOff(scene, running)
      scene.assertNothingFound()
    })
  }
})

/** The input ends in the middle of a password. */
async function cutOff(scene: Scene, running: Running): Promise<void> {
  const frame = frames(`auth:alice:example.org:${scene.marks.mintWord('a frame that is cut off')}`)
  running.process.stdin?.write(frame.subarray(0, -2))
  await scene.end(running)
}

describe('what was asked is not written', () => {
  const lives: Readonly<Record<string, (running: Running, frame: Buffer) => Promise<unknown>>> = {
    'by a program that is told to end': async (running, frame) => {
      running.process.stdin?.write(frame)
      await running.logged(/has begun/)
      running.process.kill('SIGTERM')
    },
    'by a program that is told to end at once': async (running, frame) => {
      running.process.stdin?.write(frame)
      await running.logged(/has begun/)
      running.process.kill('SIGTERM')
      await running.logged(/terminating/)
      running.process.kill('SIGINT')
      running.process.kill('SIGTERM')
    },
    'by a program whose reader is gone': async (running, frame) => {
      running.process.stdout?.destroy()
      running.process.stdin?.on('error', () => {}).write(frame)
    },
    'by a program whose reader of the log is gone': async (running, frame) => {
      running.process.stderr?.destroy()
      running.process.stdin?.write(frame)
      running.process.stdin?.end()
    },
  }
  for (const [title, live] of Object.entries(lives)) {
    test(title, async (t) => {
      const scene = new Scene(t)
      const handlers = scene.give(
        'handlers.mjs',
        'export default { auth: () => { console.log("has begun"); return new Promise(() => {}) } }',
      )
      const running = scene.start(['--handlers', handlers, '--timeout', '1'], {
        level: 'debug',
        toFile: false,
      })
      await running.logged(/handlers_loaded/)
      await live(running, frames(`auth:alice:example.org:${scene.marks.mint(title)}`))
      await running.ended()
      scene.assertNothingFound()
    })
  }
})

describe('a program that cannot serve writes nothing of what it is asked', () => {
  const refuses = (title: string, args: readonly string[], away?: string) =>
    test(title, async (t) => {
      const scene = new Scene(t)
      const program = away === undefined ? {} : { program: packageWithout(scene, away) }
      const running = scene.start(args, { level: 'debug', toFile: true }, program)
      for (const operation of ['auth', 'setpass', 'tryregister', 'removeuser3', 'certauth']) {
        const secret = scene.marks.mint(`${title}, ${operation}`)
        assert.equal(await ask(running, `${operation}:alice:example.org:${secret}`), 'failed')
      }
      await cutOff(scene, running)
      scene.assertNothingFound()
      assert.match(scene.log(), /level=error/)
    })
  refuses('with wrong arguments', ['--acounts', '/nowhere'])
  refuses('without handlers', ['--handlers', '/nonexistent/handlers.mjs', '--timeout', '0.1'])
  refuses('without a store', ['--accounts', '/nonexistent', '--timeout', '0.1'])
  refuses('without a part of the installation', ['--accounts', '/nonexistent'], 'accounts.js')
  refuses('without any of it', HANDLERS, 'main.js')
})

/** A copy of the program that lacks a file, as a shell takes it. */
function packageWithout(scene: Scene, name: string): string {
  const copy = scene.path('given', 'package')
  mkdirSync(copy)
  for (const part of ['dist', 'package.json'])
    cpSync(join(packageRoot(), part), join(copy, part), { recursive: true })
  rmSync(join(copy, 'dist', name))
  return `'${join(copy, 'dist', 'cli.js')}'`
}
