/**
 * Frame to request: `operation:user:server[:rest]`, as the callers of `extauth:call_port/2` write it.
 *
 * ```text
 *   auth       : alice : example.org : pa:ss:word      the last field is the rest of the frame
 *   isuser     : alice : [::1]                          a server may be an IPv6 literal in brackets
 * ```
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { Frame } from './frame.ts'
import type { Operation, PasswordRequest } from './handlers.ts'
import {
  IncomingCertificate,
  IncomingPassword,
  type IncomingRequest,
  IncomingUser,
} from './incoming-request.ts'

/** A frame that is no request; `reason` says what is wrong with it and never what is in it. */
export interface Malformed {
  readonly operation?: Operation
  readonly reason: string
}

/** What the last field of an operation holds. */
const LAST_FIELD = {
  auth: 'password',
  isuser: 'server',
  setpass: 'password',
  tryregister: 'password',
  removeuser: 'server',
  removeuser3: 'password',
  certauth: 'certificate',
} as const satisfies Record<Operation, 'server' | 'password' | 'certificate'>

/** The closed list of operations: `constructor` is none of them. */
export const OPERATIONS: ReadonlySet<string> = new Set(Object.keys(LAST_FIELD))

/** The operation of that name. */
const NAMES: ReadonlyMap<string, Operation> = new Map(
  Object.keys(LAST_FIELD)
    .filter(isOperation)
    .map((name) => [name, name]),
)

/** Tells whether a word is the name of an operation. */
export function isOperation(word: string): word is Operation {
  return OPERATIONS.has(word)
}

/** Tells whether an operation comes with a password. */
export function takesPassword(operation: Operation): operation is PasswordRequest['operation'] {
  return LAST_FIELD[operation] === 'password'
}

/** Takes a frame apart. Never throws: a frame that is no request is answered, not an error of the stream. */
export function parseRequest(frame: Frame): IncomingRequest | Malformed {
  const { text } = frame
  const end = endOfField(text, 0)
  const operation = NAMES.get(text.slice(0, end))
  if (operation === undefined) {
    return {
      reason: frame.length === 0 ? 'empty frame' : `unknown operation in a frame of ${frame.length} bytes`,
    }
  }
  const request = parseFields(operation, text, end + 1, frame)
  return typeof request === 'string' ? { operation, reason: request } : request
}

/** The request that stands in the fields behind the operation, or what is wrong with them. */
function parseFields(
  operation: Operation,
  text: string,
  start: number,
  frame: Frame,
): IncomingRequest | string {
  const last = LAST_FIELD[operation]
  if (start > text.length) return 'user and server are missing'
  const endOfUser = endOfField(text, start)
  if (endOfUser === text.length) return 'server is missing'
  const endOfServer = endOfLiteral(text, endOfUser + 1) ?? endOfField(text, endOfUser + 1)
  if (last === 'server' && endOfServer < text.length) return 'unexpected bytes after the server'
  if (last !== 'server' && endOfServer === text.length) return `${last} is missing`

  const isText =
    last === 'certificate' ? startsWith(frame.bytes, text.slice(0, endOfServer)) : isExact(text, frame)
  if (!isText) return 'not valid UTF-8'
  const user = fieldOf(frame, text, start, endOfUser)
  const server = fieldOf(frame, text, endOfUser + 1, endOfServer)
  if (user === '') return 'user is empty'
  if (server === '') return 'server is empty'
  // An LDAP server takes an empty password for an anonymous login and says yes: nobody shall be asked with one.
  if (last !== 'server' && endOfServer + 1 === text.length) return `${last} is empty`

  switch (operation) {
    case 'isuser':
    case 'removeuser':
      return new IncomingUser(operation, user, server)
    case 'certauth':
      return new IncomingCertificate(
        operation,
        user,
        server,
        bytesAfter(text.slice(0, endOfServer + 1), frame.bytes),
      )
    case 'auth':
    case 'setpass':
    case 'tryregister':
    case 'removeuser3':
      return new IncomingPassword(operation, user, server, fieldOf(frame, text, endOfServer + 1, text.length))
  }
}

/** From this length on, V8 makes a slice that holds the whole text (`SlicedString::kMinLength`). */
const SLICED = 13

/**
 * A field may be kept, for instance as a key, and shall not keep the frame, or all that came with it, and its passwords: a
 * long one is decoded by itself.
 */
function fieldOf(frame: Frame, text: string, start: number, end: number): string {
  const field = text.slice(start, end)
  if (field.length < SLICED) return field
  // As many characters as bytes: ASCII.
  if (text.length === frame.length) return frame.decode('latin1', start, end)
  const from = Buffer.byteLength(text.slice(0, start))
  return frame.decode('utf8', from, from + Buffer.byteLength(field))
}

/** What decoding puts in the place of bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd'

/** Is the text all that is in the frame? Few have to be looked at again for that. */
function isExact(text: string, frame: Frame): boolean {
  return !text.includes(REPLACEMENT) || isUtf8(frame.bytes)
}

function startsWith(bytes: Buffer, text: string): boolean {
  const start = Buffer.from(text)
  return bytes.subarray(0, start.length).equals(start)
}

function bytesAfter(text: string, bytes: Buffer): Uint8Array {
  return Uint8Array.from(bytes.subarray(Buffer.byteLength(text)))
}

/** Where a field ends: at the next colon or at the end of the frame. */
function endOfField(text: string, start: number): number {
  const colon = text.indexOf(':', start)
  return colon === -1 ? text.length : colon
}

/** Where an IPv6 literal ends, if this is one: its colons separate nothing. */
function endOfLiteral(text: string, start: number): number | undefined {
  if (text[start] !== '[') return undefined
  const end = text.indexOf(']', start) + 1
  return end > 0 && (end === text.length || text[end] === ':') ? end : undefined
}
