import { randomUUID } from 'node:crypto'
import { type Authentication, type Client, client, type Element } from '@xmpp/client'
import { Bosh } from './bosh.ts'
import { HOST, type Places } from './configuration.ts'
import { type Evidence, within } from './wait.ts'
import { installWebSocket } from './websocket.ts'

/** Who logs in; without `user` it is a guest. */
export interface Person {
  user?: string
  password?: string
  host?: string
  resource?: string
  /** Hears every element the server sends, from the stream features on. */
  watch?: (element: Element) => void
  /** Called on the encrypted connection before the login. */
  beforehand?: (entity: Client) => Promise<void>
}

/** As much as a client has to know of an ejabberd. */
export interface Server {
  readonly installation: { readonly places: Pick<Places, 'ports'> }
  readonly evidence: Evidence
}

/** The address of each of the listeners, as a client would write it. */
export function addresses({ installation }: Server): { tcp: string; websocket: string; bosh: string } {
  const { c2s, http } = installation.places.ports
  return {
    tcp: `xmpp://127.0.0.1:${c2s}`,
    websocket: `wss://127.0.0.1:${http}/ws`,
    bosh: `https://127.0.0.1:${http}/bosh`,
  }
}

/** Logs in with `@xmpp/client`: over TCP with STARTTLS, or over a WebSocket. */
export async function login(
  ejabberd: Server,
  transport: 'tcp' | 'websocket',
  person: Person,
): Promise<Client> {
  installWebSocket()
  const { host = HOST, user, password, resource = randomUUID() } = person
  const service = addresses(ejabberd)[transport]
  const credentials: Authentication = async (authenticate, mechanisms, _fast, entity) => {
    await person.beforehand?.(entity)
    if (user === undefined) return await authenticate({}, 'ANONYMOUS')
    if (!mechanisms.includes('PLAIN')) throw new Error(`no PLAIN: ${mechanisms}`)
    await authenticate({ username: bytes(user), password: bytes(password ?? '') }, 'PLAIN')
  }
  const entity = client({ service, domain: host, resource, timeout: 20_000, credentials })
  entity.reconnect.stop()
  if (person.watch !== undefined) entity.on('element', person.watch)
  entity.on('error', () => {}) // start() rejects with it; without a listener it would end the process, too
  try {
    const start = Promise.race([entity.start(), cutOff(entity)])
    await within(`a login of ${user ?? 'a guest'}`, start, { evidence: ejabberd.evidence })
  } catch (error) {
    if (entity.status !== 'disconnect') await entity.stop().catch(() => {})
    throw error
  }
  return entity
}

/** Logs in over BOSH up to the bound resource; throws what the server answers instead of success. */
export async function loginOverBosh(ejabberd: Server, person: Person): Promise<Bosh> {
  const { host = HOST, user, password, resource = randomUUID() } = person
  const bosh = new Bosh(addresses(ejabberd).bosh, host)
  await bosh.open()
  const answer = await bosh.ask(
    user === undefined ? anonymous() : plain(user, password ?? ''),
    /<success|<failure/,
  )
  if (!answer.includes('<success')) throw new Error(answer)
  await bosh.restart()
  const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`
  await bosh.ask(`<iq xmlns='jabber:client' type='set' id='bind'>${bind}</iq>`, /<iq[^>]* type='result'/)
  return bosh
}

/** The stanza of a SASL PLAIN login. */
export function plain(user: string, password: string): string {
  const response = Buffer.from(`\0${user}\0${password}`).toString('base64')
  return `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${response}</auth>`
}

/** `start()` hears of an end of the connection that comes without an error only when its own patience ends. */
function cutOff(entity: Client): Promise<never> {
  return new Promise((_resolve, reject) => {
    entity.once('disconnect', () => reject(new Error('the server has cut the connection')))
  })
}

function anonymous(): string {
  return `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>`
}

/** `@xmpp/client` encodes with `btoa`, which takes one character per byte and refuses a euro sign. */
function bytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
