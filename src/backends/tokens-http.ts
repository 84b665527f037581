/**
 * One question to a server that answers in JSON.
 *
 * @module
 */
import { BackendError, UnavailableError } from '../errors.ts'
import { reasonOf } from '../reason.ts'
import { type Claims, isRecord } from './tokens.ts'

/** What is sent. */
export interface Question {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: URLSearchParams
  readonly signal: AbortSignal
  /** What must not be quoted in an error. */
  readonly secret?: string
}

/** The most bytes that an answer may have: those of the servers that are meant have a few thousand. */
export const MOST_BYTES: number = 64 * 1024

/**
 * Asks, and gives the object of an answer with status 200, or the status of one that says no: one from 400 to 499.
 *
 * Redirects are not followed: a token goes to the address that the administrator wrote, and nowhere else.
 *
 * @param what Names the server in errors, such as `the key server`.
 * @throws {UnavailableError} If it cannot be reached, breaks off, or answers with 429 or 500 to 599.
 * @throws {BackendError} If it answers with anything else, with more than {@link MOST_BYTES}, or with what is no JSON object.
 */
export async function askForJson(
  what: string,
  url: string | URL,
  question: Question,
): Promise<Claims | number> {
  const { signal, secret, ...init } = question
  const server = `${what} ${addressOf(url)}`
  try {
    const response = await fetch(url, {
      ...init,
      headers: { accept: 'application/json', 'accept-encoding': 'identity', ...init.headers },
      redirect: 'manual',
      signal,
    })
    if (response.status === 200) return parse(server, await readBody(server, response))
    await response.body?.cancel()
    return checkStatus(server, response.status)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof BackendError || error instanceof UnavailableError) throw error
    throw new UnavailableError(`${server} cannot be asked: ${reasonOf(error, secret)}`)
  }
}

/** Without what stands behind a question mark, which may be a key. */
function addressOf(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

function checkStatus(server: string, status: number): number {
  if (status === 429 || status >= 500) throw new UnavailableError(`${server} answered with status ${status}`)
  if (status >= 400) return status
  const hint = status >= 300 ? ', and redirects are not followed: give the address that it leads to' : ''
  throw new BackendError(`${server} answered with status ${status}${hint}`)
}

async function readBody(server: string, { body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MOST_BYTES) throw new BackendError(`${server} answered with more than ${MOST_BYTES} bytes`)
  }
  return Buffer.concat(chunks).toString()
}

function parse(server: string, body: string): Claims {
  const value = parseJson(body)
  if (isRecord(value)) return value
  throw new BackendError(`${server} answered with ${body.length} characters that are no JSON object`)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // The error would quote the answer.
    return undefined
  }
}
