/**
 * The interface that MongooseIM's `http` authentication, ejabberd-contrib's `ejabberd_auth_http` and Prosody's
 * `mod_auth_http` share.
 *
 * They read every code that they do not know as no. Here it says no only if it is one of those that mean it.
 *
 * @module
 */
import type { PasswordRequest, UserRequest } from '../../handlers.ts'
import { passwordOf } from '../../incoming-request.ts'
import type { HttpFormOptions } from '../http.ts'
import { createEndpoint } from './endpoint.ts'
import type { Dialect, Reply, Service } from './service.ts'
import { isPage, saysNo, unusable } from './verdict.ts'

type Ask = (request: UserRequest | PasswordRequest) => Promise<Reply>

/** Makes the functions that ask such a service: one for each operation that it can do. */
export function formDialect({ url, operations }: HttpFormOptions, service: Service): Dialect {
  const base = withSlash(url)
  const checkPassword = get(service, base, 'check_password')
  const userExists = get(service, base, 'user_exists')
  const setPassword = post(service, base, 'set_password')
  const register = post(service, base, 'register')
  const removeUser = post(service, base, 'remove_user')

  const dialect: Dialect = {
    auth: async (request) => isTrue(await checkPassword(request)),
    isuser: async (request) => isTrue(await userExists(request)),
    setpass: async (request) => isDone(await setPassword(request)),
    tryregister: async (request) => {
      const reply = await register(request)
      // The account is there: it is the same one if the password is.
      return reply.status === 409 ? isTrue(await checkPassword(request)) : isRegistered(reply)
    },
    removeuser: async (request) => isRemoved(await removeUser(request)),
  }
  if (operations === undefined) return dialect
  return Object.fromEntries(operations.map((operation) => [operation, dialect[operation]]))
}

/** `check_password` is below it, not beside its last part. */
function withSlash(url: string | URL): URL {
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

function get(service: Service, base: URL, name: string): Ask {
  const endpoint = createEndpoint('GET', new URL(name, base), name)
  return (request) => service.ask(request, { endpoint, path: `${endpoint.path}?${encode(request)}` })
}

const HEADERS = { 'Content-Type': 'application/x-www-form-urlencoded' }

function post(service: Service, base: URL, name: string): Ask {
  const endpoint = createEndpoint('POST', new URL(name, base), name)
  return (request) => service.ask(request, { endpoint, headers: HEADERS, body: encode(request) })
}

/** All three parameters always, as MongooseIM sends them. A space is `%20`, which queries and forms both know. */
function encode(request: UserRequest | PasswordRequest): string {
  const [user, server, pass] = [request.user, request.server, passwordOf(request) ?? ''].map(
    encodeURIComponent,
  )
  return `user=${user}&server=${server}&pass=${pass}`
}

function isTrue(reply: Reply): boolean {
  return (reply.status === 200 && reply.body === 'true') || orNo(reply)
}

/** From 200 to 204, as in Prosody; with 201 and 204 the body does not matter. */
function isDone(reply: Reply): boolean {
  const { status, body } = reply
  if (status === 201 || status === 204) return true
  if (status < 200 || status > 203 || isPage(body)) return orNo(reply)
  return body !== 'false'
}

function isRegistered(reply: Reply): boolean {
  const { status, body } = reply
  if (status === 201 || (status === 200 && body === 'created')) return true
  // There is nothing to be found: the service does not know `register`.
  if (status === 404) throw unusable(reply)
  return orNo(reply)
}

function isRemoved(reply: Reply): boolean {
  // Nobody is there: that is what was asked for.
  return (reply.status === 404 && saysNo(reply)) || isDone(reply)
}

/** Never `true`: `false` if the service says no, otherwise it throws. */
function orNo(reply: Reply): false {
  if ((reply.status === 200 && reply.body === 'false') || saysNo(reply)) return false
  throw unusable(reply)
}
