/**
 * A web service, asked over connections that are kept.
 *
 * @module
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { BackendError, ExtauthError } from '../../errors.ts'
import type { PasswordRequest, UserRequest } from '../../handlers.ts'
import { passwordOf } from '../../incoming-request.ts'
import type { HttpOperation, HttpOptions } from '../http.ts'
import { basicAuthorization } from './authorization.ts'
import type { Endpoint } from './endpoint.ts'
import { type Answer, exchange } from './exchange.ts'
import { awayError, failureOf, isAway } from './failure.ts'
import { createPlainTransport, createSecureTransport } from './transport.ts'

/** Room for any answer that was agreed on, and for most pages that say what went wrong. */
const MAX_BODY_SIZE = 65_536

/** What is asked of an endpoint. */
interface Question {
  readonly endpoint: Endpoint
  /** Takes the place of the endpoint's path and query. */
  readonly path?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
  /** The status says it all: the body may have any size. */
  readonly ignoresBody?: true
}

/** An answer that is no redirect. */
export interface Reply {
  /** What errors call the request. */
  readonly name: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** UTF-8. Empty if it was too large, and does not matter. */
  readonly body: string
}

/** Asks a web service. */
export interface Service {
  /** Throws an `UnavailableError` or a `BackendError`, or the reason of the request's signal when it is aborted. */
  ask(request: UserRequest | PasswordRequest, question: Question): Promise<Reply>
  /** Closes the connections. May be called twice. */
  close(): void
}

/** What is asked of a service in its own words: one function for each operation that it can do. */
export type Dialect = {
  readonly [Name in HttpOperation]?: (request: UserRequest | PasswordRequest) => Promise<boolean>
}

/** Makes a service; nothing is connected before the first question. */
export function createService(options: HttpOptions): Service {
  const { ca, maxBodySize = MAX_BODY_SIZE } = options
  const headers = headersOf(options)
  const plain = createPlainTransport()
  const secure = createSecureTransport(ca === undefined ? {} : { ca })

  return {
    async ask(request, question) {
      const { signal } = request
      try {
        return replyOf(await send(question, signal), question, maxBodySize)
      } catch (error) {
        if (error instanceof ExtauthError || signal.aborted) throw error
        throw failureOf(error, question.endpoint.name, passwordOf(request))
      }
    },
    close() {
      plain.close()
      secure.close()
    },
  }

  async function send(question: Question, signal: AbortSignal): Promise<Answer> {
    const { endpoint, path = endpoint.path, body } = question
    const begin = await (endpoint.secure ? secure : plain).open()
    const target = { ...endpoint.target, path, headers: { ...question.headers, ...headers } }
    return exchange({ begin: () => begin(target), body, signal, maxBodySize, name: endpoint.name })
  }
}

function headersOf(options: HttpOptions): OutgoingHttpHeaders {
  if (options.api === 'basic' || options.credentials === undefined) return { ...options.headers }
  const { username, password } = options.credentials
  return { ...options.headers, Authorization: basicAuthorization(username, password) }
}

function replyOf(answer: Answer, { endpoint, ignoresBody }: Question, maxBodySize: number): Reply {
  const { status, headers, body } = answer
  const { name } = endpoint
  if (status >= 300 && status < 400) {
    throw new BackendError(`${name} answered ${status}: a redirect, which is not followed`)
  }
  if (body === undefined && ignoresBody !== true) {
    const answered = `${name} answered ${status} with a body of more than ${maxBodySize} bytes`
    throw isAway(status) ? awayError(answered, status, headers) : new BackendError(answered)
  }
  return { name, status, headers, body: body ?? '' }
}
