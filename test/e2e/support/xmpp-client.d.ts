/** The part of `@xmpp/client`, which ships no types, that the tests use. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'

  export interface Element {
    name: string
    attrs: { from?: string; to?: string; type?: string; id?: string; code?: string; jid?: string }
    is(name: string, namespace?: string): boolean
    getChild(name: string, namespace?: string): Element | undefined
    getChildren(name: string, namespace?: string): Element[]
    getChildText(name: string, namespace?: string): string | null
    getChildElements(): Element[]
    text(): string
    toString(): string
  }

  export interface JID {
    toString(): string
    bare(): JID
  }

  export interface Client extends EventEmitter {
    status: string
    jid: JID
    reconnect: { stop(): void }
    iqCaller: { request(element: Element, timeout?: number): Promise<Element> }
    start(): Promise<JID>
    stop(): Promise<unknown>
    send(element: Element): Promise<void>
    sendReceive(element: Element, timeout?: number): Promise<Element>
  }

  export interface ClientOptions {
    service: string
    domain: string
    resource?: string
    credentials: Authentication
    timeout?: number
  }

  export type Authentication = (
    authenticate: (credentials: { username?: string; password?: string }, mechanism: string) => Promise<void>,
    mechanisms: string[],
    fast: unknown,
    entity: Client,
  ) => Promise<void>

  export function client(options: ClientOptions): Client
  export function xml(
    name: string,
    attrs?: Record<string, string>,
    ...children: (Element | string)[]
  ): Element
}
