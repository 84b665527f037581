import assert from 'node:assert/strict'
import { type Client, type Element, xml } from '@xmpp/client'
import { within } from './wait.ts'

/** Waits for the next stanza that the condition takes; call it before what causes the stanza. */
export function stanza(
  client: Client,
  what: string,
  condition: (element: Element) => boolean,
  milliseconds?: number,
): Promise<Element> {
  const { promise, resolve } = withResolvers<Element>()
  const listener = (element: Element) => condition(element) && resolve(element)
  client.on('stanza', listener)
  const limits = milliseconds === undefined ? {} : { milliseconds }
  return within(what, promise, limits).finally(() => client.off('stanza', listener))
}

/** Waits for a message with this text. */
export function messageSaying(client: Client, text: string): Promise<Element> {
  return stanza(client, `a message that says "${text}"`, (element) => element.getChildText('body') === text)
}

/** Sends a chat message. */
export async function say(client: Client, to: string, text: string): Promise<void> {
  await client.send(xml('message', { to, type: 'chat', id: text }, xml('body', {}, text)))
}

/** Says that the client is there, which is what lets offline messages come. */
export async function appear(client: Client): Promise<void> {
  const seen = stanza(client, 'the own presence', (element) => element.is('presence'))
  await client.send(xml('presence'))
  await seen
}

/** Sends an XEP-0077 request: fields for registration and password change, `remove` to cancel the account. */
export function registration(client: Client, fields: Record<string, string> | 'remove'): Promise<Element> {
  const children =
    fields === 'remove'
      ? [xml('remove')]
      : Object.entries(fields).map(([name, value]) => xml(name, {}, value))
  return client.iqCaller.request(
    xml('iq', { type: 'set' }, xml('query', { xmlns: 'jabber:iq:register' }, ...children)),
  )
}

/** Waits until the server has ended the client's connection, and gives the reason it told. */
export async function thrownOut(client: Client): Promise<string> {
  let reason = ''
  client.once('error', (error) => {
    reason = String(error)
  })
  // Not `once` of node:events: it would take the error for a failure.
  const { promise, resolve } = withResolvers<void>()
  client.once('disconnect', () => resolve())
  await within(`${client.jid} to be thrown out`, promise)
  return reason
}

/** Asserts that a login was refused because of its name or password, and not for some other reason. */
export async function assertRefused(login: Promise<unknown>, why?: string): Promise<void> {
  await assert.rejects(login, /not-authorized/, why)
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
