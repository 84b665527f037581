/**
 * Any URL that wants a user name and a password.
 *
 * @module
 */
import { passwordOf } from '../../incoming-request.ts'
import type { HttpBasicOptions } from '../http.ts'
import { basicAuthorization, canBeBasic } from './authorization.ts'
import { createEndpoint } from './endpoint.ts'
import type { Dialect, Service } from './service.ts'
import { unusable } from './verdict.ts'

/** Makes the function that asks for such a URL. */
export function basicDialect({ url }: HttpBasicOptions, service: Service): Dialect {
  const endpoint = createEndpoint('GET', url)

  return {
    async auth(request) {
      const { user } = request
      const password = passwordOf(request) ?? ''
      // Nobody can log in there with these, but somebody else might be taken for them.
      if (!canBeBasic(user, password)) return false
      const headers = { Authorization: basicAuthorization(user, password) }
      const reply = await service.ask(request, { endpoint, headers, ignoresBody: true })
      if (reply.status >= 200 && reply.status < 300) return true
      if (reply.status === 401 || reply.status === 403) return false
      throw unusable(reply)
    },
  }
}
