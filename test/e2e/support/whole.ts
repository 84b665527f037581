import assert from 'node:assert/strict'
import { type Client, type Element, xml } from '@xmpp/client'
import { GUEST_HOST, HOST } from './configuration.ts'
import type { Ejabberd } from './ejabberd.ts'
import { login, loginOverBosh } from './login.ts'
import { stanza } from './stanzas.ts'

/** The host of the rooms. */
export const ROOMS = `conference.${HOST}`

/** Enters a room and waits until the server says so. */
export async function join(client: Client, room: string, nick: string): Promise<void> {
  const seat = `${room}/${nick}`
  const seated = stanza(
    client,
    `${nick} to be in ${room}`,
    (element) => element.is('presence') && isSelf(element),
  )
  await client.send(xml('presence', { to: seat }, xml('x', { xmlns: 'http://jabber.org/protocol/muc' })))
  assert.equal((await seated).attrs.from, seat)
}

/** Has a presence one of these status codes of XEP-0045? */
export function hasStatus(presence: Element, code: string): boolean {
  const statuses = presence.getChild('x', 'http://jabber.org/protocol/muc#user')?.getChildren('status') ?? []
  return statuses.some((status) => status.attrs.code === code)
}

/**
 * Asserts that what a broken program can take away from everybody is still there: group chat and BOSH, seen by a
 * guest, whom the program knows nothing of.
 */
export async function assertOthersLive(ejabberd: Ejabberd): Promise<void> {
  const bosh = await loginOverBosh(ejabberd, { host: GUEST_HOST })
  await bosh.close()
  const room = `room-${Date.now()}`
  const made = await ejabberd.ctl('create_room', room, ROOMS, HOST)
  assert.equal(made.status, 0, made.stdout)
  const guest = await login(ejabberd, 'tcp', { host: GUEST_HOST })
  await join(guest, `${room}@${ROOMS}`, 'guest')
  await guest.stop()
}

function isSelf(presence: Element): boolean {
  return hasStatus(presence, '110')
}
