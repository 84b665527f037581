/** Whatever handlers do with a password or a certificate, at every level of the log, it is written nowhere. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Running } from '../program/support.ts'
import { type Became, CONTROLS, LATE, OTHERS, QUOTING, SHORT } from './leaky.ts'
import { ask, LOGGINGS, type Logging, Scene, untilLoaded } from './scene.ts'

const HANDLERS = ['--handlers', fileURLToPath(new URL('leaky.js', import.meta.url))]
/** Long enough for a busy machine. */
const LONG = 20

/** What comes with a secret. */
const OPERATIONS = ['auth', 'setpass', 'tryregister', 'removeuser3', 'certauth'] as const

/** What is done, and what becomes of it. */
const ACTS: readonly (readonly [name: string, became: Became])[] = [
  ...Object.entries(OTHERS).map(([name, [, became]]) => [name, became] as const),
  ...Object.keys(QUOTING).map((name) => [name, 'failed'] as const),
]

function act(scene: Scene, running: Running, operation: string, name: string): Promise<Became> {
  const secret = scene.marks.mint(`${operation}, ${name}`)
  return ask(running, `${operation}:${name}:example.org:${secret}`)
}

async function actAll(scene: Scene, logging: Logging): Promise<void> {
  const running = scene.start([...HANDLERS, '--timeout', String(LONG)], logging)
  for (const operation of OPERATIONS) {
    for (const [name, became] of ACTS) {
      // A password change that was refused would be a success for ejabberd.
      const told = operation === 'setpass' && became === 'refused' ? 'failed' : became
      assert.equal(await act(scene, running, operation, name), told, `${operation}, ${name}`)
    }
    scene.look(running.process)
  }
  for (const operation of ['isuser', 'removeuser'])
    assert.equal(await ask(running, `${operation}:alice:example.org`), 'allowed')
  await scene.end(running)
}

async function actLate(scene: Scene, logging: Logging): Promise<void> {
  const running = scene.start([...HANDLERS, '--timeout', String(SHORT)], logging)
  await untilLoaded(running)
  for (const name of Object.keys(LATE)) assert.equal(await act(scene, running, 'auth', name), 'failed', name)
  await scene.end(running)
}

describe('no password and no certificate is written', { concurrency: 2 }, () => {
  for (const logging of LOGGINGS) {
    test(`at the level ${logging.level}, ${logging.toFile ? 'to a file' : 'to standard error'}`, async (t) => {
      const scene = new Scene(t)
      await actAll(scene, logging)
      await actLate(scene, logging)
      scene.assertNothingFound()
    })
  }
})

describe('what handlers write themselves is found', () => {
  for (const name of Object.keys(CONTROLS)) {
    test(name, async (t) => {
      const scene = new Scene(t)
      const running = scene.start(HANDLERS, { level: 'error', toFile: true })
      await act(scene, running, 'auth', name)
      await scene.end(running)
      assert.deepEqual(scene.found(), [`auth, ${name}`])
    })
  }
})
