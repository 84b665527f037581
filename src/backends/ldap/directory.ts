/**
 * What is asked of a directory.
 *
 * @module
 */
import type { Client } from 'ldapts'
import { BackendError } from '../../errors.ts'
import type { PasswordRequest, UserRequest } from '../../handlers.ts'
import { reasonOf } from '../../reason.ts'
import { createConnections } from './connections.ts'
import { isNoSuchObject, isRefusedChange, isRefusedLogin } from './failure.ts'
import { escapeDnValue, escapeFilterValue } from './names.ts'
import { createServerOrder } from './server-order.ts'
import type { Settings } from './settings.ts'
import { fill, type Values } from './template.ts'

/** A directory of entries, each with a distinguished name (DN), that has the users among them. */
export interface Directory {
  /** The DN of the user's entry, if there is one. */
  find(request: AnyRequest): Promise<string | undefined>
  /** The same for a login; without asking if the DN can be told from the user's name. */
  findForLogin(request: PasswordRequest): Promise<string | undefined>
  /** Is the entry in the group? Everybody is if there is no such condition. */
  isMember(dn: string, request: AnyRequest): Promise<boolean>
  /** Does the server allow a login as this entry with the password of the request? */
  isPassword(dn: string, request: PasswordRequest): Promise<boolean>
  /** Costs what `isPassword` costs, where there is nobody whose password it could be. */
  pretend(request: PasswordRequest): Promise<void>
  /** Gives the entry the password of the request; `false` if the server does not want it. */
  change(dn: string, request: PasswordRequest): Promise<boolean>
  close(): void
}

type AnyRequest = PasswordRequest | UserRequest
type Name = Pick<AnyRequest, 'user' | 'server'>

/** Password Modify, RFC 3062. */
const PASSWORD_MODIFY = '1.3.6.1.4.1.4203.1.11.1'

/** Makes a directory that connects when it is first asked. */
export function createDirectory(load: () => Promise<typeof import('ldapts')>, settings: Settings): Directory {
  const { bindDn, bindPassword, userDn, base = '', scope, filter = '', group, timeout } = settings
  const servers = createServerOrder(settings.servers)
  const searches = createConnections(load, settings, servers, bindService)
  // After a login a connection is that user's, and would search with the user's rights.
  const logins = createConnections(load, settings, servers, async () => {})

  return { find, findForLogin, isMember, isPassword, pretend, change, close }

  async function find(request: AnyRequest): Promise<string | undefined> {
    const [dn, ...others] = await (userDn === undefined
      ? search(request, dnFor(request, base), scope, fill(filter, valuesOf(request), escapeFilterValue))
      : search(request, dnFor(request, userDn), 'base', '(objectClass=*)'))
    if (others.length > 0) {
      throw new BackendError(
        `the directory has ${others.length + 1} entries for one user: make \`filter\` narrower`,
      )
    }
    // To log in as such a one is to log in as nobody, and to change its password is to change our own.
    if (dn === '') throw new BackendError('the directory has an entry without a name for the user')
    return dn
  }

  async function findForLogin(request: PasswordRequest): Promise<string | undefined> {
    return userDn === undefined ? find(request) : dnFor(request, userDn)
  }

  async function isMember(dn: string, request: AnyRequest): Promise<boolean> {
    if (group === undefined) return true
    const condition = fill(group.filter, { ...valuesOf(request), D: dn }, escapeFilterValue)
    const found = await search(request, dnFor(request, group.base ?? base), 'sub', condition)
    return found.length > 0
  }

  async function isPassword(dn: string, request: PasswordRequest): Promise<boolean> {
    // A bind without a password succeeds, as nobody (RFC 4513, section 5.1.2).
    if (request.password === '') return false
    return tryLogin(dn, request.password, request)
  }

  async function pretend(request: PasswordRequest): Promise<void> {
    const user = crypto.randomUUID()
    const nobody = dnFor({ user, server: request.server }, userDn ?? `cn=%u,${base}`)
    await tryLogin(bindDn ?? nobody, bindPassword ?? user, request)
  }

  async function tryLogin(dn: string, password: string, request: PasswordRequest): Promise<boolean> {
    return logins.use(request, async (client) => {
      try {
        await client.bind(dn, password)
        return true
      } catch (error) {
        if (isRefusedLogin(error)) return false
        throw error
      }
    })
  }

  async function change(dn: string, request: PasswordRequest): Promise<boolean> {
    const { BerWriter } = await load()
    const writer = new BerWriter()
    writer.startSequence()
    writer.writeString(dn, 0x80)
    writer.writeString(request.password, 0x82)
    writer.endSequence()
    return searches.use(request, async (client) => {
      try {
        await client.exop(PASSWORD_MODIFY, writer.buffer)
        return true
      } catch (error) {
        if (isRefusedChange(error)) return false
        throw error
      }
    })
  }

  /** The DNs of what is found. */
  async function search(
    request: AnyRequest,
    from: string,
    depth: 'base' | 'one' | 'sub',
    condition: string,
  ): Promise<string[]> {
    // 1.1 stands for no attribute at all (RFC 4511, section 4.5.1.8).
    const options = {
      scope: depth,
      filter: condition,
      attributes: ['1.1'],
      timeLimit: Math.ceil(timeout / 1000),
    }
    const { searchEntries, searchReferences } = await searches.use(request, async (client) => {
      try {
        return await client.search(from, options)
      } catch (error) {
        if (depth === 'base' && isNoSuchObject(error)) return { searchEntries: [], searchReferences: [] }
        throw error
      }
    })
    if (searchReferences.length === 0) return searchEntries.map(({ dn }) => dn)
    throw new BackendError(
      'the search leads on to other servers, and referrals are not followed: choose a `base` below which all is here',
    )
  }

  async function bindService(client: Client, server: string): Promise<void> {
    if (bindDn === undefined) return
    try {
      await client.bind(bindDn, bindPassword)
    } catch (error) {
      if (!isRefusedLogin(error)) throw error
      throw new BackendError(
        `${server} refuses \`bindDn\` and \`bindPassword\`: ${reasonOf(error, bindPassword)}`,
      )
    }
  }

  function close(): void {
    searches.close()
    logins.close()
  }
}

function valuesOf({ user, server }: Name): Values {
  return { u: user, d: server, j: `${user}@${server}` }
}

function dnFor(name: Name, template: string): string {
  return fill(template, valuesOf(name), escapeDnValue)
}
