/** What strangers send: passwords too long for the pipe to the program, and names of every kind. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bosh } from './support/bosh.ts'
import { HOST } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { addresses, login, loginOverBosh, plain } from './support/login.ts'
import { assertRefused } from './support/stanzas.ts'
import { passwordOverTcp, passwordOverWebSocket } from './support/stranger.ts'
import { assertOthersLive } from './support/whole.ts'

/** More than the 65 535 bytes of a frame. */
const TOO_LONG = 'x'.repeat(70_000)
const ATTEMPTS = 100

let ejabberd: Ejabberd
before(async () => {
  ejabberd = await startEjabberd()
  await ejabberd.addAccount('alice', HOST, 'for alice')
})
after(() => ejabberd?.dispose())

describe('a hundred passwords that do not fit into a frame leave everything alive', () => {
  /** What ejabberd logs when a program goes; an oversized frame makes it close the pipe. */
  const LOST_PROGRAM = /terminated unexpectedly|Failed to start external/

  test('over tcp, where none of them reaches a program', async () => {
    // ejabberd takes ten seconds to read one of them, slowed down by its shaper.
    await manyTimes(async () => refused(await passwordOverTcp(ejabberd, 'alice', TOO_LONG)), 25)
    await assertAllLive()
    assert.doesNotMatch(ejabberd.log(), LOST_PROGRAM)
  })

  test('over bosh, where none of them reaches a program', async () => {
    await manyTimes(async () => {
      const bosh = new Bosh(addresses(ejabberd).bosh, HOST)
      await bosh.open()
      refused(await bosh.send(plain('alice', TOO_LONG)))
    }, 10)
    await assertAllLive()
    assert.doesNotMatch(ejabberd.log(), LOST_PROGRAM)
  })

  test('over websocket, where the ban comes before the supervisors give up', async () => {
    // max_stanza_size does not hold for WebSockets: some of them do cost a program.
    await manyTimes(async () => refused(await passwordOverWebSocket(ejabberd, 'alice', TOO_LONG)), 10)
    await ejabberd.unban()
    await assertAllLive()
  })

  const refused = (answer: string) => assert.doesNotMatch(answer, /<success/)

  async function manyTimes(attempt: () => Promise<unknown>, atOnce: number): Promise<void> {
    for (let done = 0; done < ATTEMPTS; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, attempt))
    }
  }

  async function assertAllLive(): Promise<void> {
    await assertOthersLive(ejabberd)
    await (await login(ejabberd, 'tcp', { user: 'alice', password: 'for alice' })).stop()
    await (await loginOverBosh(ejabberd, { user: 'alice', password: 'for alice' })).close()
  }
})

describe('unusual names', () => {
  for (const [kind, user] of Object.entries({
    'the folder above': '..',
    'a command': '$(id)',
    'an option': '-e',
    Arabic: 'مريم',
    'no name at all': 'null',
    'an escaped address': 'al\\40e2.test',
    'as long as can be': 'a'.repeat(1023),
  })) {
    test(`${kind} is a person like others`, async () => {
      await assertRefused(login(ejabberd, 'tcp', { user, password: `for ${kind}` }))
      await ejabberd.addAccount(user, HOST, `for ${kind}`)
      await (await login(ejabberd, 'tcp', { user, password: `for ${kind}` })).stop()
      await assertRefused(login(ejabberd, 'tcp', { user, password: 'for alice' }))
    })
  }
})
