/**
 * Where a web service is asked.
 *
 * @module
 */
import type { RequestOptions } from 'node:http'
import { urlToHttpOptions } from 'node:url'

/** A method and a URL, made ready once. */
export interface Endpoint {
  /** What errors call it: without its path, which may hold a key, and its query, which may hold a password, too. */
  readonly name: string
  readonly secure: boolean
  /** Method and host. */
  readonly target: RequestOptions
  /** Path and query. */
  readonly path: string
}

/** Makes an endpoint; `use` tells it from others of the same host. */
export function createEndpoint(method: 'GET' | 'POST', url: string | URL, use?: string): Endpoint {
  const { origin, pathname, search, protocol } = new URL(url)
  const { hostname, port } = urlToHttpOptions(new URL(url))
  return {
    name: `${method} ${origin}${pathname === '/' ? '' : '/...'}${use === undefined ? '' : ` for ${use}`}`,
    secure: protocol === 'https:',
    target: { method, hostname, ...(port && { port }) },
    path: pathname + search,
  }
}
