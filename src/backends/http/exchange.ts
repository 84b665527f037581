/**
 * One question to a web service and its answer, on one connection.
 *
 * @module
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { BackendError } from '../../errors.ts'
import { awayError, codeOf } from './failure.ts'

/** What an exchange takes. */
export interface ExchangeOptions {
  /** Begins a request, and does not end it. */
  readonly begin: () => ClientRequest
  readonly body: string | undefined
  readonly signal: AbortSignal
  /** In bytes, of the answer's body. */
  readonly maxBodySize: number
  /** What errors call the request. */
  readonly name: string
}

/** An answer that arrived whole. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** UTF-8; `undefined` if it was larger than allowed: then nothing of it is kept, nor the connection. */
  readonly body: string | undefined
}

/**
 * Asks, and waits for the whole answer. A kept connection that turns out to have been closed meanwhile is replaced at
 * once; so what is asked must be something that may be asked twice.
 *
 * When the signal is aborted, the connection is closed and the signal's reason thrown.
 */
export async function exchange(options: ExchangeOptions): Promise<Answer> {
  const { begin, signal } = options
  signal.throwIfAborted()
  const request = begin()
  const abort = () => request.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await answerTo(request, options)
  } catch (error) {
    signal.throwIfAborted()
    // Each attempt uses up one of the connections that were kept, and a new one is never tried again.
    if (request.reusedSocket && isDropped(error)) return await exchange(options)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Did the connection end before an answer began? */
function isDropped(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ECONNRESET' || code === 'EPIPE'
}

function answerTo(request: ClientRequest, { body, maxBodySize, name }: ExchangeOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let fail = reject
    request.on('response', (response) => {
      const { statusCode: status = 0, headers } = response
      fail = (error) =>
        reject(
          isGarbage(error) ? error : awayError(`${name} answered ${status} and broke off`, status, headers),
        )
      readBody(response, maxBodySize, (text) => resolve({ status, headers, body: text }))
      response.on('error', (error) => fail(error))
    })
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new BackendError(`${name} was answered with another protocol`))
    })
    request.on('error', (error) => fail(error))
    request.end(body)
  })
}

/** Calls back once the body is whole, or, with `undefined`, as soon as it is larger than allowed. */
function readBody(
  response: IncomingMessage,
  maxBodySize: number,
  onText: (text: string | undefined) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size <= maxBodySize) return
    onText(undefined)
    response.destroy()
  })
  response.on('end', () => onText(Buffer.concat(chunks).toString()))
}

/** Was it no HTTP? The parser's codes begin like that. */
function isGarbage(error: unknown): boolean {
  return codeOf(error)?.startsWith('HPE_') === true
}
