/**
 * Users whose name is another one elsewhere.
 *
 * @module
 */
import type { Answer, Handlers } from '../handlers.ts'
import { forUser } from '../incoming-request.ts'
import { typeName } from '../reason.ts'
import { unescapeName } from './jid-escaping.ts'
import { ask, checkMember, combine } from './members.ts'

/** From the local part of a JID and its host to the name elsewhere; `undefined` if nobody has one. */
export type UserMap = (user: string, server: string) => string | undefined

/** The maps that have a name. */
type NamedMap = 'jid' | 'lowercase' | 'unescape'

const MAPS: Readonly<Record<NamedMap, UserMap>> = {
  jid: (user, server) => `${user}@${server}`,
  lowercase: (user) => user.toLowerCase(),
  unescape: (user) => unescapeName(user),
}

/**
 * Makes handlers that know users by another name than their JID does.
 *
 * - `'jid'`: the whole JID, `alice@example.org`.
 * - `'lowercase'`: in lower case. ejabberd does that to every JID; this is for what else sends requests.
 * - `'unescape'`: the name that the local part is written for by the rules of XEP-0106: `d\27artagnan` is `d'artagnan`,
 *   and `alice\40example.net` is `alice@example.net`. A local part that no name is written as is refused.
 * - A function of your own. Whoever it returns `undefined` for is refused; if it throws or returns anything else than a
 *   name, the request fails.
 *
 * `server` stays as it is. Two JIDs that become one name are one account, with one password: `'jid'` and `'unescape'`
 * never do that on one host, a function of your own must see to it itself. So does `'lowercase'`, if what sends the
 * requests tells `Alice` from `alice`.
 *
 * @throws {TypeError} If these are no handlers, or if there is no such map.
 *
 * @example
 * ```ts
 * import { accounts, mapUser, serve } from 'ejabberd-extauth'
 *
 * const handlers = accounts({ directory: '/var/lib/ejabberd/accounts' })
 *
 * await serve(mapUser(handlers, 'jid'))
 * ```
 */
export function mapUser(handlers: Handlers, map: NamedMap | UserMap): Handlers {
  checkMember('what mapUser is given', handlers)
  const nameOf: UserMap = typeof map === 'function' ? map : mapCalled(map)
  return combine([handlers], (operation, request): Answer => {
    const name: unknown = nameOf(request.user, request.server)
    if (name === undefined) return false
    if (typeof name === 'string' && name !== '') return ask(handlers, operation, forUser(request, name))
    throw new TypeError(
      `mapUser got ${name === '' ? 'an empty name' : typeName(name)} instead of a name or undefined`,
    )
  })
}

function mapCalled(name: unknown): UserMap {
  const found = Object.entries(MAPS).find(([known]) => known === name)?.[1]
  if (found !== undefined) return found
  const expected = Object.keys(MAPS)
    .map((known) => `'${known}'`)
    .join(', ')
  throw new TypeError(
    `Expected the map of mapUser to be ${expected} or a function, got ${typeof name === 'string' ? `'${name}'` : typeName(name)}`,
  )
}
