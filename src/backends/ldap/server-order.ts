/**
 * Which of several servers is asked.
 *
 * @module
 */

/** The order in which servers are tried: first the one that worked last. */
export interface ServerOrder {
  /** All of them. */
  current(): readonly string[]
  /** Tells that this one did not work. */
  failed(server: string): void
}

/** Starts with the first one. */
export function createServerOrder(servers: readonly string[]): ServerOrder {
  let first = 0
  return {
    current: () => [...servers.slice(first), ...servers.slice(0, first)],
    failed(server) {
      // Another one may have taken its place meanwhile.
      if (servers[first] === server) first = (first + 1) % servers.length
    },
  }
}
