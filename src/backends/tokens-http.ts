/**
 * Questions to a server that answers in JSON.
 *
 * @module
 */
import { BackendError, ExtauthError } from '../errors.ts'
import { isRecord } from '../option-rules.ts'
import { createEndpoint } from './http/endpoint.ts'
import { type Answer, exchange } from './http/exchange.ts'
import { awayError, failureOf, isAway } from './http/failure.ts'
import { createPlainTransport, createSecureTransport } from './http/transport.ts'
import type { Claims } from './tokens.ts'

/** What is asked. */
export interface Question {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: URLSearchParams
  readonly signal: AbortSignal
  /** What must not be quoted in an error. */
  readonly secrets?: readonly string[]
}

/** An address that can be asked again and again. */
export interface JsonEndpoint {
  /**
   * Gives the object of an answer with status 200, or the status of an answer that says no: from 400 to 499.
   *
   * Redirects are not followed: a token goes to the address that the administrator wrote, and nowhere else.
   *
   * @throws {UnavailableError} If the server cannot be reached, breaks off, or answers with 408, 429 or 5xx (see {@link awayError}).
   * @throws {BackendError} If it answers with anything else, with more than 64 KiB, or with what is no JSON object.
   */
  ask(question: Question): Promise<Claims | number>
  /** Closes the connections. May be called twice. */
  close(): void
}

/** The most bytes that an answer may have: those of the servers that are meant have a few thousand. */
const MOST_BYTES = 64 * 1024

/** Makes an endpoint; nothing is connected before the first question. `what` names it in errors. */
export function createJsonEndpoint(what: string, method: 'GET' | 'POST', url: string | URL): JsonEndpoint {
  const { target, path, secure, name: address } = createEndpoint(method, url)
  const name = `${what} (${address})`
  const transport = secure ? createSecureTransport({}) : createPlainTransport()
  return {
    async ask(question) {
      const { signal, secrets = [] } = question
      try {
        return judge(name, await send(question))
      } catch (error) {
        if (error instanceof ExtauthError || signal.aborted) throw error
        throw failureOf(error, name, ...secrets)
      }
    },
    close: () => transport.close(),
  }

  async function send({ headers, body, signal }: Question): Promise<Answer> {
    const begin = await transport.open()
    const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const options = { ...target, path, headers: { accept: 'application/json', ...form, ...headers } }
    return exchange({
      begin: () => begin(options),
      body: body?.toString(),
      signal,
      maxBodySize: MOST_BYTES,
      name,
    })
  }
}

function judge(name: string, { status, headers, body }: Answer): Claims | number {
  if (status === 200) return parse(name, body)
  if (isAway(status)) throw awayError(`${name} answered ${status}`, status, headers)
  if (status >= 400) return status
  const hint = status >= 300 ? ': a redirect, which is not followed' : ''
  throw new BackendError(`${name} answered ${status}${hint}`)
}

function parse(name: string, body: string | undefined): Claims {
  if (body === undefined) throw new BackendError(`${name} answered with more than ${MOST_BYTES} bytes`)
  const value = parseJson(body)
  if (isRecord(value)) return value
  throw new BackendError(`${name} answered with ${body.length} characters that are no JSON object`)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // The error would quote the answer.
    return undefined
  }
}
