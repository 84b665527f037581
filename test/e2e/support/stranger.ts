import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { HOST } from './configuration.ts'
import type { Ejabberd } from './ejabberd.ts'
import { addresses, plain } from './login.ts'
import { within } from './wait.ts'
import { TextWebSocket } from './websocket.ts'

/**
 * Sends a password over TCP as somebody does who does not care what becomes of the connection, and gives what the
 * server said until it answered or hung up. (`@xmpp/client` waits politely for the end of a stream that was cut.)
 */
export async function passwordOverTcp(ejabberd: Ejabberd, user: string, password: string): Promise<string> {
  const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${HOST}' version='1.0'>`
  const socket = connect(ejabberd.installation.places.ports.c2s, '127.0.0.1')
  await reply(socket, header, /<\/stream:features>/)
  await reply(socket, `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, /<proceed/)
  const secure = tls.connect({ socket, servername: HOST })
  try {
    await reply(secure, header, /<\/stream:features>/)
    return await reply(secure, plain(user, password), END)
  } finally {
    secure.destroy()
  }
}

/** The same over a WebSocket. */
export async function passwordOverWebSocket(
  ejabberd: Ejabberd,
  user: string,
  password: string,
): Promise<string> {
  const socket = new TextWebSocket(addresses(ejabberd).websocket)
  let heard = ''
  const answered = new Promise<void>((resolve) => {
    socket.addEventListener('open', () => {
      socket.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${HOST}' version='1.0'/>`)
    })
    socket.addEventListener('message', (event) => {
      const { data } = event as Event & { data: string }
      heard += data
      if (data.includes('<stream:features')) socket.send(plain(user, password))
      if (END.test(data)) resolve()
    })
    socket.addEventListener('close', () => resolve())
  })
  await within('the answer over a WebSocket', answered)
  socket.close()
  return heard
}

const END = /<failure|<success|<stream:error/

/** Sends something and collects what comes back until it matches or the connection ends. */
async function reply(stream: Duplex, text: string, pattern: RegExp): Promise<string> {
  let heard = ''
  const answered = new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      heard += chunk
      if (pattern.test(heard)) resolve()
    })
    stream.once('close', resolve).once('error', () => resolve()) // being cut off is an answer, too
  })
  stream.write(text)
  await within(`an answer that matches ${pattern}`, answered)
  stream.removeAllListeners('data')
  return heard
}
