/**
 * One set of handlers for each virtual host.
 *
 * @module
 */
import { isIPv6 } from 'node:net'
import type { Handlers } from '../handlers.ts'
import { typeName } from '../reason.ts'
import { ask, checkMember, combine } from './members.ts'

/**
 * Makes handlers that hand each request on to those of its virtual host.
 *
 * A pattern is a host (`example.org`), all hosts below a domain at any depth (`*.example.org`, which is not
 * `example.org` itself), or all hosts there are (`*`). The host itself goes before a wildcard, a longer wildcard
 * before a shorter one, and `*` comes last. What no pattern matches is refused: there is no such user.
 *
 * Hosts are compared as ejabberd sends them: in lower case, and otherwise as they stand in its `hosts`. An operation that
 * the handlers of a host lack is refused there.
 *
 * @throws {TypeError} If a pattern cannot be that of a host, or if what belongs to it is no handlers.
 *
 * @example
 * ```ts
 * import { accounts, byServer, serve } from 'ejabberd-extauth'
 *
 * const staff = accounts({ directory: '/var/lib/ejabberd/staff' })
 * const guests = accounts({ directory: '/var/lib/ejabberd/guests' })
 *
 * await serve(byServer({ 'example.org': staff, '*.example.org': guests }))
 * ```
 */
export function byServer(hosts: Readonly<Record<string, Handlers>>): Handlers {
  const members = tableOf(hosts)
  return combine([...members.values()], (operation, request) => {
    const member = memberFor(request.server, members)
    return member === undefined ? false : ask(member, operation, request)
  })
}

function tableOf(hosts: unknown): ReadonlyMap<string, Handlers> {
  if (typeof hosts !== 'object' || hosts === null || Array.isArray(hosts)) {
    throw new TypeError(`Expected the hosts of byServer to be an object, got ${typeName(hosts)}`)
  }
  // A Map: the name of a host may be that of a property that every object has.
  const members = new Map<string, Handlers>(Object.entries(hosts))
  if (members.size === 0) throw new TypeError('Expected byServer to have at least one host, got none')
  for (const [pattern, handlers] of members) {
    checkPattern(pattern)
    checkMember(`\`${pattern}\` of byServer`, handlers)
  }
  return members
}

function checkPattern(pattern: string): void {
  const wrong = whatIsWrong(pattern)
  if (wrong !== undefined) {
    throw new TypeError(
      `Expected a host of byServer, such as example.org, *.example.org or *, got \`${pattern}\`: ${wrong}`,
    )
  }
}

function whatIsWrong(pattern: string): string | undefined {
  if (pattern === '*') return undefined
  const host = pattern.replace(/^\*\./, '')
  if (host.includes('*')) return 'a * stands alone, or for all before the first dot'
  if (host !== host.toLowerCase()) return 'write it in lower case'
  return isHost(host) ? undefined : 'no host is called that'
}

function isHost(name: string): boolean {
  if (name.startsWith('[')) return name.endsWith(']') && isIPv6(name.slice(1, -1))
  return name.split('.').every((label) => /^[^\s@/:[\]]+$/.test(label))
}

function memberFor(server: string, members: ReadonlyMap<string, Handlers>): Handlers | undefined {
  return members.get(server) ?? wildcardFor(server, members) ?? members.get('*')
}

function wildcardFor(server: string, members: ReadonlyMap<string, Handlers>): Handlers | undefined {
  for (let dot = server.indexOf('.', 1); dot !== -1; dot = server.indexOf('.', dot + 1)) {
    const member = members.get(`*${server.slice(dot)}`)
    if (member !== undefined) return member
  }
  return undefined
}
