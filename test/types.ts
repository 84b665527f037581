/**
 * What the compiler must accept and what it must not: this file is compiled, never run.
 *
 * @module
 */
import type {
  Answer,
  CertificateRequest,
  Handlers,
  Operation,
  PasswordRequest,
  Request,
  UserRequest,
} from '../src/handlers.ts'
import { type ServeOptions, serve } from '../src/library.ts'
import type { Log, LogFields } from '../src/log.ts'
import type { Outcome } from '../src/outcome.ts'

// Handlers: all optional, sync or async, of one's own kind of object.
export const NONE: Handlers = {}
export const SYNC: Handlers = { auth: ({ user, server, password }) => user + server === password }
export const ASYNC: Handlers = { isuser: async ({ user }) => user !== '', close: async () => {} }
export class Accounts implements Handlers {
  auth({ password }: PasswordRequest): boolean {
    return password === ''
  }
  certauth({ certificate }: CertificateRequest): Answer {
    return certificate.length > 0
  }
}

// An answer is a boolean, and nothing that might be taken for one.
// @ts-expect-error a text is no answer
export const TEXT: Handlers = { auth: () => 'yes' }
// @ts-expect-error a number is no answer
export const NUMBER: Handlers = { auth: () => 1 }
// @ts-expect-error nothing is no answer
export const NOTHING: Handlers = { auth: () => {} }
// @ts-expect-error neither is a promise of a text
export const LATER: Handlers = { auth: async () => 'yes' }
// @ts-expect-error or perhaps nothing
export const PERHAPS: Handlers = { auth: ({ user }) => (user === 'a' ? true : undefined) }
// @ts-expect-error a name is spelt as on the wire
export const SPELT: Handlers = { isUser: () => true }

// A request says what it has, and only that.
export function fields(request: Request, user: UserRequest, secret: PasswordRequest): void {
  // @ts-expect-error not every request has a password
  request.password
  // @ts-expect-error a question for a user has no password
  user.password
  // @ts-expect-error a request is not to be changed
  secret.password = ''
  // @ts-expect-error there is no other operation
  request.operation === 'login'
  if (request.operation === 'auth') request.password satisfies string
  if (request.operation === 'certauth') request.certificate satisfies Uint8Array
  request.signal satisfies AbortSignal
}
// @ts-expect-error the list is closed
export const OPERATION: Operation = 'constructor'

// There is no way to hand a secret to the log.
export function log(to: Log, request: PasswordRequest): void {
  to.write('debug', 'request', { user: request.user })
  // @ts-expect-error not by name
  to.write('debug', 'request', { password: request.password })
  // @ts-expect-error not as a whole
  to.write('debug', 'request', { request })
  // @ts-expect-error not as bytes
  to.write('debug', 'request', { reason: Buffer.from('x') })
  // @ts-expect-error not as an object
  to.write('debug', 'request', { file: { password: 'x' } })
  // @ts-expect-error not beside what may be logged
  to.write('debug', 'request', { user: 'a', certificate: 'x' })
}
// @ts-expect-error nor under any of these names
export type Forbidden = LogFields['password' | 'token' | 'certificate' | 'frame' | 'body']

// An outcome is never a bare boolean, and a failure says why.
// @ts-expect-error a boolean says too little
export const BARE: Outcome = true
// @ts-expect-error a failure without a reason
export const SILENT: Outcome = { kind: 'failed' }

export const OPTIONS: ServeOptions = { timeout: 1000, logLevel: 'warn', strict: true }
// @ts-expect-error there is no such level
export const LEVEL: ServeOptions = { logLevel: 'verbose' }
export const SERVED: (handlers: Handlers) => Promise<void> = serve
