/** The life of a room and its users, by the commands that the README tells administrators. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { after, before, test } from 'node:test'
import type { Element } from '@xmpp/client'
import { HOST } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import { packageRoot } from './support/package.ts'
import type { Finished } from './support/run.ts'
import { appear, assertRefused, stanza, thrownOut } from './support/stanzas.ts'
import { hasStatus, join } from './support/whole.ts'

const ROOM = `lobby@conference.${HOST}`

let ejabberd: Ejabberd
before(async () => {
  ejabberd = await startEjabberd()
  for (const user of ['alice', 'bob']) await ejabberd.addAccount(user, HOST, `for ${user}`)
})
after(() => ejabberd?.dispose())

test('a room is made, filled, emptied and removed by the commands of the README', async () => {
  const commands = commandsOfReadme()
  const next = (verb: string) => runAsPrinted(commands.shift() ?? 'nothing', verb)
  const [alice, bob] = await Promise.all(['alice', 'bob'].map(enter))
  assert.ok(alice && bob)

  await next('create_room')
  await next('change_room_option')
  assert.match((await next('get_room_options')).stdout, /^persistent\s+true$/m)

  await appear(alice) // to somebody who is away it would be an offline message
  const invitation = stanza(alice, 'the invitation', (element) => invitedTo(element) === ROOM)
  await next('send_direct_invitation')
  await invitation
  await Promise.all([join(alice, ROOM, 'alice'), join(bob, ROOM, 'bob')])
  assert.match((await next('get_room_occupants')).stdout, /alice.*bob|bob.*alice/s)

  const promoted = stanza(alice, 'alice to be owner', (element) =>
    /affiliation="owner"/.test(String(element)),
  )
  await next('set_room_affiliation')
  await promoted

  const banned = stanza(bob, 'bob to be thrown out of the room', (element) => hasStatus(element, '301'))
  await next('set_room_affiliation')
  await banned
  await next('set_room_affiliation')
  await join(bob, ROOM, 'bob')

  await next('account remove')
  assert.equal(bob.status, 'online', 'a session outlives its account')
  const end = thrownOut(bob)
  await next('kick_user')
  await end
  await assertRefused(enter('bob'))

  const destroyed = stanza(alice, 'the end of the room', (element) => String(element).includes('<destroy'))
  await next('destroy_room')
  await destroyed
  assert.deepEqual(commands, [], 'commands of the README that were not tried')
  await alice.stop()
})

function enter(user: string) {
  return login(ejabberd, 'tcp', { user, password: `for ${user}` })
}

function invitedTo(element: Element): string | undefined {
  return element.getChild('x', 'jabber:x:conference')?.attrs.jid
}

/** The code in the second column of the table between the marks. */
function commandsOfReadme(): string[] {
  const readme = readFileSync(path(packageRoot(), 'README.md'), 'utf8')
  const [, table] = /<!-- rooms -->(.*)<!-- \/rooms -->/s.exec(readme) ?? []
  assert.ok(table, 'the README has no table between <!-- rooms --> and <!-- /rooms -->')
  return [...table.matchAll(/`((?:ejabberdctl|sudo -u ejabberd ejabberd-extauth) [^`]*)`/g)].map(
    ([, code]) => code ?? '',
  )
}

/** Runs a command of the README on the server of this test; fails if it is not the one whose turn it is. */
async function runAsPrinted(command: string, verb: string): Promise<Finished> {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const at = words.indexOf(words[0] === 'sudo' ? 'ejabberd-extauth' : 'ejabberdctl') + 1
  assert.ok(words.slice(at).join(' ').startsWith(verb), `expected ${verb}, the README has: ${command}`)
  const finished = await (words[0] === 'sudo'
    ? ejabberd.program([...words.slice(at), '--accounts', ejabberd.installation.places.accounts])
    : ejabberd.ctl(...words.slice(at)))
  assert.equal(finished.status, 0, `${command}: ${finished.stdout} ${finished.stderr}`)
  return finished
}
