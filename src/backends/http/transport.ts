/**
 * Connections that are kept between requests.
 *
 * @module
 */
import type { Agent, ClientRequest, RequestOptions } from 'node:http'
import type { AgentOptions } from 'node:https'

/** Begins a request on a kept connection, or on a new one. */
type Begin = (target: RequestOptions) => ClientRequest

/** Keeps connections of one kind, without keeping the process alive. */
export interface Transport {
  /** What begins a request. */
  open(): Promise<Begin>
  /** Closes the connections. May be called twice. */
  close(): void
}

/** Makes a transport of `http:`. Nothing is loaded before it is used. */
export function createPlainTransport(): Transport {
  return createTransport(async () => {
    const { Agent, request } = await import('node:http')
    return { agent: new Agent({ keepAlive: true }), request }
  })
}

/** Makes a transport of `https:`. Nothing is loaded before it is used. */
export function createSecureTransport(options: AgentOptions): Transport {
  return createTransport(async () => {
    const { Agent, request } = await import('node:https')
    // Said explicitly, so that nothing in the environment can turn it off.
    return { agent: new Agent({ ...options, keepAlive: true, rejectUnauthorized: true }), request }
  })
}

function createTransport(load: () => Promise<{ agent: Agent; request: Begin }>): Transport {
  let agent: Agent | undefined
  let opening: Promise<Begin> | undefined
  return {
    open() {
      opening ??= load().then((loaded) => {
        agent = loaded.agent
        return (target) => loaded.request({ ...target, agent: loaded.agent })
      })
      return opening
    },
    close() {
      agent?.destroy()
    },
  }
}
