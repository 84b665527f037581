/**
 * A service that takes JSON.
 *
 * @module
 */
import { BackendError } from '../../errors.ts'
import type { PasswordRequest, UserRequest } from '../../handlers.ts'
import { asLogin, passwordOf } from '../../incoming-request.ts'
import { typeName } from '../../reason.ts'
import type { HttpAnswer, HttpJsonOptions, HttpOperation } from '../http.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'
import type { Dialect, Reply, Service } from './service.ts'
import { saysNo, unusable } from './verdict.ts'

/** What such a service can be asked for. */
export const JSON_OPERATIONS: readonly HttpOperation[] = [
  'auth',
  'isuser',
  'setpass',
  'tryregister',
  'removeuser',
  'removeuser3',
]

const HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' }

/** Makes the functions that ask such a service: one for each operation that it can do. */
export function jsonDialect(options: HttpJsonOptions, service: Service): Dialect {
  const { body: encode = defaultBody, answer: read = defaultAnswer } = options
  const dialect: { -readonly [Name in keyof Dialect]: Dialect[Name] } = {}
  for (const operation of options.operations ?? JSON_OPERATIONS) {
    const url = urlOf(options.url, operation)
    if (url === undefined) continue
    const endpoint = createEndpoint('POST', url, operation)
    dialect[operation] = (request) => ask(endpoint, request)
  }
  return dialect

  async function ask(endpoint: Endpoint, request: UserRequest | PasswordRequest): Promise<boolean> {
    const body = toJson(encode(request))
    const reply = await service.ask(request, { endpoint, headers: HEADERS, body })
    const meaning = meaningOf(reply, request.operation)
    // The account is there: it is the same one if the password is.
    const isTaken = request.operation === 'tryregister' && reply.status === 409 && !meaning
    return isTaken && dialect.auth !== undefined ? dialect.auth(asLogin(request)) : meaning
  }

  function meaningOf(reply: Reply, operation: HttpOperation): boolean {
    const { status, headers, body: text } = reply
    const meaning: unknown = read({ operation, status, headers, body: fromJson(text), text })
    if (typeof meaning === 'boolean') return meaning
    if (meaning === undefined) throw unusable(reply)
    throw new BackendError(
      `\`answer\` of http returned a value of type ${typeName(meaning)} for ${reply.name}, not true, false or undefined`,
    )
  }
}

/** The URL of an operation, if there is one. */
export function urlOf(url: HttpJsonOptions['url'], operation: HttpOperation): string | undefined {
  const template = typeof url === 'string' || url instanceof URL ? url : url[operation]
  // A URL object has encoded the braces of its path.
  return template === undefined
    ? undefined
    : String(template).replace(/\{operation\}|%7Boperation%7D/gi, operation)
}

/** Named one by one: a request does not show its password when it is encoded whole. */
function defaultBody(request: UserRequest | PasswordRequest): object {
  const { operation, user, server } = request
  return { operation, user, server, password: passwordOf(request) }
}

function toJson(value: unknown): string {
  const json: string | undefined = JSON.stringify(value)
  if (json !== undefined) return json
  throw new BackendError(
    `\`body\` of http returned a value of type ${typeName(value)}, which JSON cannot say`,
  )
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function defaultAnswer(answer: HttpAnswer): boolean | undefined {
  const { operation, status, body } = answer
  if (status >= 200 && status < 300)
    return said(body) ?? (isChange(operation) && isDone(status) ? true : undefined)
  if (operation === 'tryregister' && status === 409) return false
  // There is nothing to be found when an account is made: the service does not know the URL.
  if (!refuses(answer) || (operation === 'tryregister' && status === 404)) return undefined
  // Nobody is there: that is what was asked for.
  return operation === 'removeuser' && status === 404
}

/** `true`, `false` or `{ "allowed": true | false }`. */
function said(body: unknown): boolean | undefined {
  const value = typeof body === 'object' && body !== null && 'allowed' in body ? body.allowed : body
  return typeof value === 'boolean' ? value : undefined
}

function isChange(operation: HttpOperation): boolean {
  return operation !== 'auth' && operation !== 'isuser'
}

function isDone(status: number): boolean {
  return status === 201 || status === 204
}

/** A body that is not JSON comes from something in front of the service. */
function refuses({ status, headers, body, text }: HttpAnswer): boolean {
  return (text === '' || body !== undefined) && saysNo({ status, headers, body: text })
}
