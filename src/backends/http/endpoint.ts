/**
 * Where a web service is asked.
 *
 * @module
 */
import type { RequestOptions } from 'node:http'
import { urlToHttpOptions } from 'node:url'

/** A method and a URL, made ready once. */
export interface Endpoint {
  /** What errors call it: without the query, which holds a password or may hold a key. */
  readonly name: string
  readonly secure: boolean
  /** Method and host. */
  readonly target: RequestOptions
  /** Path and query. */
  readonly path: string
}

/** Makes an endpoint. */
export function createEndpoint(method: 'GET' | 'POST', url: string | URL): Endpoint {
  const { origin, pathname, search, protocol } = new URL(url)
  const { hostname, port } = urlToHttpOptions(new URL(url))
  return {
    name: `${method} ${origin}${pathname}`,
    secure: protocol === 'https:',
    target: { method, hostname, ...(port && { port }) },
    path: pathname + search,
  }
}
