import { randomInt } from 'node:crypto'
import { within } from './wait.ts'

/** One BOSH session (XEP-0124, XEP-0206) by plain HTTP: a request, its answer, and so on. */
export class Bosh {
  readonly #url: string
  readonly #host: string
  #session = ''
  #request = randomInt(2 ** 32)

  constructor(url: string, host: string) {
    this.#url = url
    this.#host = host
  }

  /** Begins the session and gives the stream features. */
  async open(): Promise<string> {
    const attributes = `to='${this.#host}' hold='1' wait='30' ver='1.6' xml:lang='en' xmpp:version='1.0'`
    const answer = await this.#post(attributes, '')
    const [, session] = / sid='([^']+)'/.exec(answer) ?? []
    if (session === undefined) throw new Error(`no BOSH session: ${answer}`)
    this.#session = session
    return answer
  }

  /** Sends stanzas and gives the body of the answer, which is empty if the server has nothing to say yet. */
  send(stanzas: string): Promise<string> {
    return this.#post(`sid='${this.#session}'`, stanzas)
  }

  /** Begins the stream anew, as is due after a login. */
  restart(): Promise<string> {
    return this.#post(`sid='${this.#session}' to='${this.#host}' xmpp:restart='true'`, '')
  }

  /** Sends stanzas, then asks until the answers hold what is awaited. */
  async ask(stanzas: string, awaited: RegExp): Promise<string> {
    let answers = await this.send(stanzas)
    while (!awaited.test(answers)) answers += await this.send('')
    return answers
  }

  /** Ends the session. */
  async close(): Promise<void> {
    await this.#post(`sid='${this.#session}' type='terminate'`, '')
  }

  async #post(attributes: string, stanzas: string): Promise<string> {
    this.#request += 1
    const namespaces = `xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'`
    const body = `<body rid='${this.#request}' ${namespaces} ${attributes}>${stanzas}</body>`
    const headers = { 'Content-Type': 'text/xml; charset=utf-8' }
    const answer = fetch(this.#url, { method: 'POST', body, headers }).then((response) => response.text())
    return await within('the answer to a BOSH request', answer)
  }
}
