import { connect, type Socket } from 'node:net'
import { plain } from '../e2e/support/login.ts'
import type { Person } from './stores.ts'

/** Where to log in, and who does. */
export interface Target {
  port: number
  host: string
  people: readonly Person[]
}

/** How many logins, and how many of them at the same time. */
export interface Load {
  logins: number
  clients: number
}

/** What came of them. */
export interface Wave {
  /** Logins in a second. */
  rate: number
  /** How long each took from the connection to the bound resource, in milliseconds. */
  times: number[]
}

/**
 * Clients log in and out again, all the time, each time as somebody chosen at random. They know what the server will
 * say and look only for the end of it: the server shall have the processor. ejabberd takes a tenth of a second to end a
 * stream, in which it does nothing; the next login does not wait for that.
 */
export async function logInAndOut(target: Target, { logins, clients }: Load): Promise<Wave> {
  const times: number[] = []
  const ends: Promise<void>[] = []
  let begun = 0
  const start = performance.now()
  const client = async () => {
    while (begun++ < logins) {
      const person = target.people[Math.floor(Math.random() * target.people.length)] as Person
      const visit = new Visit(target, person)
      times.push(await visit.loggedIn)
      ends.push(visit.ended)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const rate = (1000 * logins) / (performance.now() - start)
  await Promise.all(ends)
  return { rate, times }
}

const BIND = `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`

/** One login over TCP, up to the bound resource, and the end of the stream. */
class Visit {
  /** The time that the login took. */
  readonly loggedIn: Promise<number>
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #steps: { say: string; hear: string }[]
  #heard = ''

  constructor({ port, host }: Target, { user, password }: Person) {
    const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${host}' version='1.0'>`
    this.#steps = [
      { say: header, hear: '</stream:features>' },
      { say: plain(user, password), hear: '<success ' },
      { say: header, hear: '</stream:features>' },
      { say: BIND, hear: '</iq>' },
    ]
    const start = performance.now()
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
    this.#socket = socket
    this.ended = new Promise((resolve) => socket.on('close', () => resolve()))
    this.loggedIn = new Promise((resolve, reject) => {
      socket.on('data', (text: string) => {
        if (this.#hear(text)) resolve(performance.now() - start)
      })
      socket.on('error', reject)
      // In vain once the login is done.
      socket.on('close', () => reject(new Error(`the login at ${host} ended with: ${this.#heard}`)))
    })
    socket.write(header)
  }

  /** Goes on with the next step if this one is done; says whether it was the last. */
  #hear(text: string): boolean {
    const [step, next] = this.#steps
    if (step === undefined) return false
    this.#heard += text
    if (!this.#heard.includes(step.hear)) return false
    this.#heard = ''
    this.#steps.shift()
    this.#socket.write(next?.say ?? '</stream:stream>')
    return next === undefined
  }
}
