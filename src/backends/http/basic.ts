/**
 * Any URL that wants a user name and a password.
 *
 * @module
 */
import { BackendError } from '../../errors.ts'
import type { PasswordRequest, UserRequest } from '../../handlers.ts'
import { passwordOf } from '../../incoming-request.ts'
import type { HttpBasicOptions } from '../http.ts'
import { basicAuthorization, canBeBasic } from './authorization.ts'
import { createEndpoint } from './endpoint.ts'
import type { Dialect, Reply, Service } from './service.ts'
import { unusable } from './verdict.ts'

/** Makes the function that asks for such a URL. */
export function basicDialect({ url }: HttpBasicOptions, service: Service): Dialect {
  const endpoint = createEndpoint('GET', url)
  let isProtected = false

  return {
    async auth(request) {
      const { user } = request
      const password = passwordOf(request) ?? ''
      // Nobody can log in there with these, but somebody else might be taken for them.
      if (!canBeBasic(user, password)) return false
      const headers = { Authorization: basicAuthorization(user, password) }
      const reply = await service.ask(request, { endpoint, headers, ignoresBody: true })
      if (isSuccess(reply)) {
        isProtected ||= !(await isOpen(request))
        if (isProtected) return true
        throw new BackendError(
          `${endpoint.name} answers ${reply.status} without a password, too: it lets everybody in`,
        )
      }
      if (isRefusal(reply)) return false
      throw unusable(reply)
    },
  }

  /** Asked once in the life of a process: a location that lost its password would make every password right. */
  async function isOpen(request: UserRequest | PasswordRequest): Promise<boolean> {
    const reply = await askWithout(request)
    if (reply === undefined || isRefusal(reply)) return false
    if (isSuccess(reply)) return true
    // That something is wrong with the server just now does not say that it wants a password.
    throw unusable(reply)
  }

  async function askWithout(request: UserRequest | PasswordRequest): Promise<Reply | undefined> {
    try {
      return await service.ask(request, { endpoint, ignoresBody: true })
    } catch (error) {
      // A redirect, say, to a page where one can log in.
      if (error instanceof BackendError) return undefined
      throw error
    }
  }
}

function isRefusal({ status }: Reply): boolean {
  return status === 401 || status === 403
}

function isSuccess({ status }: Reply): boolean {
  return status >= 200 && status < 300
}
