import { type Client, xml } from '@xmpp/client'
import { HOST } from './configuration.ts'
import type { Ejabberd } from './ejabberd.ts'
import { loginOverBosh, type Person } from './login.ts'
import { messageSaying, stanza } from './stanzas.ts'

const ROOM = `lobby@conference.${HOST}`
const MUC = 'http://jabber.org/protocol/muc'

/** Enters the room, which is made if there is none. */
export async function enterRoom(client: Client, nickname: string): Promise<void> {
  const entered = stanza(client, 'to be in the room', ({ attrs }) => attrs.from === `${ROOM}/${nickname}`)
  await client.send(xml('presence', { to: `${ROOM}/${nickname}` }, xml('x', { xmlns: MUC })))
  await entered
}

/** Somebody logs in over BOSH, enters the room and says something that the listener in the room must hear. */
export async function speakInRoom(ejabberd: Ejabberd, listener: Client, person: Person): Promise<void> {
  const text = `it is ${performance.now()} ms`
  const bosh = await loginOverBosh(ejabberd, { ...person, resource: 'visitor' })
  const presence = `<presence xmlns='jabber:client' to='${ROOM}/visitor'><x xmlns='${MUC}'/></presence>`
  await bosh.ask(presence, /<status code='110'/)
  const heard = messageSaying(listener, text)
  await bosh.send(
    `<message xmlns='jabber:client' to='${ROOM}' type='groupchat'><body>${text}</body></message>`,
  )
  await heard
  await bosh.close()
}
