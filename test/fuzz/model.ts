/**
 * What has to come out of a stream of bytes, said as simply as possible and without a line of the program: the whole
 * stream is there, in one piece, before anything is read.
 */

/** A stream, taken apart. */
export interface Frames {
  readonly bodies: readonly Buffer[]
  /** Where each of them ends in the stream. */
  readonly ends: readonly number[]
  /** How many bytes are left of a frame that is cut off. */
  readonly rest: number
}

/** Two bytes of length, the higher one first, then so many bytes. */
export function splitFrames(stream: Buffer): Frames {
  const bodies: Buffer[] = []
  const ends: number[] = []
  let at = 0
  while (at + 2 <= stream.length) {
    const end = at + 2 + (stream[at] ?? 0) * 256 + (stream[at + 1] ?? 0)
    if (end > stream.length) break
    bodies.push(stream.subarray(at + 2, end))
    ends.push(end)
    at = end
  }
  return { bodies, ends, rest: stream.length - at }
}

/** A request; `secret` is the password, or the certificate in hexadecimal. */
export interface Asked {
  readonly operation: string
  readonly user: string
  readonly server: string
  readonly secret: string | undefined
}

const WITH_PASSWORD = ['auth', 'setpass', 'tryregister', 'removeuser3']
const WITHOUT_PASSWORD = ['isuser', 'removeuser']

/** The seven, those with a password first. */
export const OPERATIONS: readonly string[] = [...WITH_PASSWORD, ...WITHOUT_PASSWORD, 'certauth']

/** The first word of a body, whatever stands behind it. */
export function operationOf(body: Buffer): string {
  return body.toString('latin1').split(':', 1)[0] ?? ''
}

/** What a body asks; `undefined` if it is no request. One character is one byte here, until all is in its place. */
export function readRequest(body: Buffer): Asked | undefined {
  const operation = operationOf(body)
  if (!OPERATIONS.includes(operation)) return undefined
  const [, user = ''] = body.toString('latin1').split(':', 2)
  const behind = body.toString('latin1').slice(operation.length + 1 + user.length + 1)
  const server = (/^\[[^\]]*\](?=:|$)/.exec(behind) ?? /^[^:]*/.exec(behind))?.[0] ?? ''
  const last = behind.slice(server.length)
  if (user === '' || server === '') return undefined
  if (WITHOUT_PASSWORD.includes(operation) ? last !== '' : last.length < 2) return undefined

  const names = { user: textOf(user), server: textOf(server) }
  const password = textOf(last.slice(1))
  if (names.user === undefined || names.server === undefined) return undefined
  if (operation === 'certauth') {
    return { operation, ...(names as Names), secret: Buffer.from(last.slice(1), 'latin1').toString('hex') }
  }
  if (password === undefined) return undefined
  return { operation, ...(names as Names), secret: last === '' ? undefined : password }
}

interface Names {
  readonly user: string
  readonly server: string
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: string): string | undefined {
  try {
    return UTF8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}

/** What became of a request. */
export type Says = 'allowed' | 'refused' | 'failed'

/** The reply, in hexadecimal. */
export function replyOf(says: Says, operation: string, strict: boolean): string {
  if (says === 'allowed') return '00020001'
  if (strict) return '00020000'
  return says === 'failed' || operation === 'setpass' ? '00020002' : '00020000'
}
