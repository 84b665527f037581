/** Workers are killed, node is away, ejabberd ends: logins come back, and no process of ours is left. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Client } from '@xmpp/client'
import { GUEST_HOST, HOST } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import { isAlive, kill } from './support/processes.ts'
import { enterRoom, speakInRoom } from './support/room.ts'
import { assertRefused, registration } from './support/stanzas.ts'

const A_MINUTE = 60_000
const POOL = 5

let ejabberd: Ejabberd
const visit = async (user: string, password: string) => {
  await (await login(ejabberd, 'tcp', { user, password })).stop()
}

/** The numbers of the programs, once the pool is complete. */
function pool(): Promise<number[]> {
  const pids = () => ejabberd.workers().map(({ pid }) => pid)
  return ejabberd.until(`${POOL} workers`, () => pids().length === POOL && pids())
}

describe('a worker is killed', () => {
  before(async () => {
    ejabberd = await startEjabberd()
    await ejabberd.addAccount('alice', HOST, 'for alice')
  })
  after(() => ejabberd?.dispose())

  test('every login that follows works, and there is a new worker', async () => {
    const victim = (await pool())[0] as number
    kill(victim)
    for (let login = 0; login < 2 * POOL; login++) await visit('alice', 'for alice')
    await assertRefused(visit('alice', 'for bob'))
    assert.ok(!(await pool()).includes(victim))
  })

  test('all of them are killed at once, and logins come back', async () => {
    for (const pid of await pool()) kill(pid)
    await ejabberd.until('a login to work', () => works(visit('alice', 'for alice')))
    await pool()
    await visit('alice', 'for alice')
    assertCalm()
  })
})

describe('a worker dies after it has stored something and before it has answered', () => {
  before(async () => {
    ejabberd = await startEjabberd({ handlers: DYING_HANDLERS })
    await ejabberd.addAccount('alice', HOST, 'for alice') // makes the store
  })
  after(() => ejabberd?.dispose())

  test('the registration is not told as refused, and the account is there', async () => {
    const beforehand = async (entity: Client) => {
      const answer = await registration(entity, { username: 'carol', password: 'the first' })
      assert.equal(answer.attrs.type, 'result')
    }
    const carol = await login(ejabberd, 'tcp', { user: 'carol', password: 'the first', beforehand })
    await carol.stop()
    assert.ok(hasDied('tryregister'))
  })

  test('the password change is told as done, and the new password counts', async () => {
    const carol = await login(ejabberd, 'tcp', { user: 'carol', password: 'the first' })
    const answer = await registration(carol, { username: 'carol', password: 'the second' })
    assert.equal(answer.attrs.type, 'result')
    await carol.stop()
    assert.ok(hasDied('setpass'))
    await visit('carol', 'the second')
    await assertRefused(visit('carol', 'the first'))
  })
})

describe('node is away for a minute', () => {
  let alice: Client
  before(async () => {
    ejabberd = await startEjabberd()
    await ejabberd.addAccount('alice', HOST, 'for alice')
    alice = await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })
    await enterRoom(alice, 'alice')
  })
  after(async () => {
    await alice?.stop()
    await ejabberd?.dispose()
  })

  test('everything else on the server lives, and logins come back when node is back', async () => {
    const node = join(ejabberd.installation.folder, 'bin', 'node')
    renameSync(node, `${node}.away`)
    ejabberd.write(join('bin', 'node'), '#!/bin/sh\nexit 127\n')
    chmodSync(node, 0o755)
    for (const pid of await pool()) kill(pid)
    const end = performance.now() + A_MINUTE
    do {
      await assertRefused(visit('alice', 'for alice'))
      for (let guest = 0; guest < 5; guest++) await speakInRoom(ejabberd, alice, { host: GUEST_HOST })
    } while (performance.now() < end)
    assert.deepEqual(ejabberd.workers(), [])
    renameSync(`${node}.away`, node)
    await ejabberd.until('a login to work', () => works(visit('alice', 'for alice')))
    await pool()
    await visit('alice', 'for alice')
    assertCalm()
  })
})

describe('ejabberd ends while a request is in hand, and no process of ours is left', () => {
  before(async () => {
    ejabberd = await startEjabberd({ handlers: HANGING_HANDLERS })
  })
  after(() => ejabberd?.dispose())

  test('when it is stopped', () => assertEndsWith(() => ejabberd.stop()))

  test('when it is killed', async () => {
    await ejabberd.start()
    await assertEndsWith(() => ejabberd.crash())
  })
})

async function assertEndsWith(end: () => Promise<void>): Promise<void> {
  const pids = await pool()
  const asked = join(ejabberd.installation.folder, 'asked')
  rmSync(asked, { force: true })
  const cutOff = assert.rejects(visit('alice', 'for alice'))
  await ejabberd.until('a program to be asked', () => existsSync(asked))
  await end()
  await cutOff
  assert.deepEqual(pids.filter(isAlive), [])
  assert.deepEqual(ejabberd.processes(), [])
}

const HANGING_HANDLERS = `
import { writeFileSync } from 'node:fs'

export default {
  auth() {
    writeFileSync(new URL('asked', import.meta.url), '')
    return new Promise(() => {})
  },
}
`

/** The account store, but for a sudden death, once for each operation, between the deed and the answer. */
const DYING_HANDLERS = `
import { mkdirSync, realpathSync } from 'node:fs'

const folder = new URL('.', import.meta.url).pathname
const program = realpathSync(folder + 'ejabberd-extauth')
const { accounts } = await import(program.replace('cli.js', 'index.js'))
const store = accounts({ directory: folder + 'accounts' })

function dyingOnce(operation) {
  return async (request) => {
    const answer = await store[operation](request)
    try {
      mkdirSync(folder + operation + '-died')
    } catch {
      return answer // it is the second time
    }
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => {})
  }
}

export default { ...store, tryregister: dyingOnce('tryregister'), setpass: dyingOnce('setpass') }
`

function hasDied(operation: string): boolean {
  return existsSync(join(ejabberd.installation.folder, `${operation}-died`))
}

function works(login: Promise<void>): Promise<boolean> {
  return login.then(
    () => true,
    () => false,
  )
}

/** No supervisor of ejabberd has given up. */
function assertCalm(): void {
  assert.ok(!ejabberd.log().includes('reached_max_restart_intensity'), ejabberd.evidence())
}
