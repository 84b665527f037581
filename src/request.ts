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

/** Tells whether a word is the name of an operation. */
export function isOperation(word: string): word is Operation {
  return OPERATIONS.has(word)
}

/** Tells whether an operation comes with a password. */
export function takesPassword(operation: Operation): operation is PasswordRequest['operation'] {
  return LAST_FIELD[operation] === 'password'
}

/** Takes a frame apart. Never throws: a frame that is no request is answered, not an error of the stream. */
export function parseRequest(frame: Buffer): IncomingRequest | Malformed {
  const end = endOfField(frame, 0)
  const operation = frame.toString('latin1', 0, end)
  if (!isOperation(operation)) {
    return {
      reason: frame.length === 0 ? 'empty frame' : `unknown operation in a frame of ${frame.length} bytes`,
    }
  }
  const fields = splitFields(frame, end + 1, LAST_FIELD[operation])
  return typeof fields === 'string' ? { operation, reason: fields } : requestOf(operation, fields)
}

interface Fields {
  readonly user: string
  readonly server: string
  readonly rest: Buffer
}

/** The fields behind the operation, or what is wrong with them. */
function splitFields(
  frame: Buffer,
  start: number,
  last: 'server' | 'password' | 'certificate',
): Fields | string {
  if (start > frame.length) return 'user and server are missing'
  const endOfUser = endOfField(frame, start)
  if (endOfUser === frame.length) return 'server is missing'
  const endOfServer = endOfLiteral(frame, endOfUser + 1) ?? endOfField(frame, endOfUser + 1)
  if (last === 'server' && endOfServer < frame.length) return 'unexpected bytes after the server'
  if (last !== 'server' && endOfServer === frame.length) return `${last} is missing`

  if (!isUtf8(last === 'certificate' ? frame.subarray(0, endOfServer) : frame)) return 'not valid UTF-8'
  const user = frame.toString('utf8', start, endOfUser)
  const server = frame.toString('utf8', endOfUser + 1, endOfServer)
  const rest = frame.subarray(endOfServer + 1)
  if (user === '') return 'user is empty'
  if (server === '') return 'server is empty'
  // An LDAP server takes an empty password for an anonymous login and says yes: nobody shall be asked with one.
  if (last !== 'server' && rest.length === 0) return `${last} is empty`
  return { user, server, rest }
}

function requestOf(operation: Operation, { user, server, rest }: Fields): IncomingRequest {
  switch (operation) {
    case 'isuser':
    case 'removeuser':
      return new IncomingUser(operation, user, server)
    case 'certauth':
      return new IncomingCertificate(operation, user, server, Uint8Array.from(rest))
    case 'auth':
    case 'setpass':
    case 'tryregister':
    case 'removeuser3':
      return new IncomingPassword(operation, user, server, rest.toString('utf8'))
  }
}

const COLON = 0x3a
const OPEN_BRACKET = 0x5b

/** Where a field ends: at the next colon or at the end of the frame. */
function endOfField(frame: Buffer, start: number): number {
  const colon = frame.indexOf(COLON, start)
  return colon === -1 ? frame.length : colon
}

/** Where an IPv6 literal ends, if this is one: its colons separate nothing. */
function endOfLiteral(frame: Buffer, start: number): number | undefined {
  if (frame[start] !== OPEN_BRACKET) return undefined
  const end = frame.indexOf(']', start) + 1
  return end > 0 && (end === frame.length || frame[end] === COLON) ? end : undefined
}
