/**
 * A request as the program holds it: what a handler sees, and the means to abort it.
 *
 * @module
 */
import { inspect } from 'node:util'
import type { CertificateRequest, Operation, PasswordRequest, Request, UserRequest } from './handlers.ts'

/** What says when a request is given up: another request, for one that is made of it. */
type Origin = Pick<Request, 'signal'>

/** Told the reason, once. */
type AbortListener = (reason: unknown) => void

/** What the three kinds of request have in common. */
abstract class Incoming<O extends Operation> {
  readonly operation: O
  readonly user: string
  readonly server: string
  #origin: Origin | undefined

  /** @param origin What has the signal of this one, if it has none of its own. */
  constructor(operation: O, user: string, server: string, origin?: Origin) {
    this.operation = operation
    this.user = user
    this.server = server
    this.#origin = origin
  }

  get signal(): AbortSignal {
    return this.#signaller().signal
  }

  /** Tells the handler, if it listens, that nobody waits for it any more. */
  abort(reason: Error): void {
    const origin = this.#signaller()
    if (origin instanceof Cancellation) origin.abort(reason)
  }

  /** See {@link onAbort}. */
  onAbort(listener: AbortListener): () => void {
    const origin = this.#signaller()
    return origin instanceof Cancellation ? origin.onAbort(listener) : onAbort(origin, listener)
  }

  /** Most requests are answered before anybody asks for it. */
  #signaller(): Origin {
    this.#origin ??= new Cancellation()
    return this.#origin
  }

  // Somebody's console.log(request) or JSON.stringify(request) must not put a password into a log.
  toJSON(): object {
    return { operation: this.operation, user: this.user, server: this.server }
  }

  static {
    Object.defineProperty(Incoming.prototype, inspect.custom, {
      value(this: Incoming<Operation>) {
        return `Request ${inspect(this.toJSON())}`
      },
    })
  }
}

/** A request that names an account and nothing else. */
export class IncomingUser extends Incoming<UserRequest['operation']> {}

/** A request that comes with a password. */
export class IncomingPassword extends Incoming<PasswordRequest['operation']> {
  // No properties of their own: a copy of the request and console.dir, which asks for no toJSON, show neither.
  readonly #password: string

  constructor(
    operation: PasswordRequest['operation'],
    user: string,
    server: string,
    password: string,
    origin?: Origin,
  ) {
    super(operation, user, server, origin)
    this.#password = password
  }

  get password(): string {
    return this.#password
  }
}

/** A request that comes with a certificate. */
export class IncomingCertificate extends Incoming<CertificateRequest['operation']> {
  readonly #certificate: Uint8Array

  constructor(
    operation: CertificateRequest['operation'],
    user: string,
    server: string,
    certificate: Uint8Array,
    origin?: Origin,
  ) {
    super(operation, user, server, origin)
    this.#certificate = certificate
  }

  get certificate(): Uint8Array {
    return this.#certificate
  }
}

/** Any of them, told apart by its `operation`. */
export type IncomingRequest = IncomingUser | IncomingPassword | IncomingCertificate

/**
 * Calls the listener when the request is given up, or at once if it has been. Costs a tenth of what the signal does,
 * which is felt beside a query of a database.
 *
 * @returns A function that ends it.
 */
export function onAbort(request: Origin, listener: AbortListener): () => void {
  if (request instanceof Incoming) return request.onAbort(listener)
  const { signal } = request
  const tell = () => listener(signal.reason)
  if (signal.aborted) tell()
  else signal.addEventListener('abort', tell, { once: true })
  return () => signal.removeEventListener('abort', tell)
}

/** The password of a request that comes with one. */
export function passwordOf(request: Request): string | undefined {
  return 'password' in request ? request.password : undefined
}

/** What nobody but the handler shall see of a request: its password, or its certificate in the ways to write bytes. */
export function secretsOf(request: Request): readonly string[] {
  if ('password' in request) return [request.password]
  if (!('certificate' in request)) return []
  const bytes = Buffer.from(request.certificate)
  return [bytes.toString(), bytes.toString('hex'), bytes.toString('base64'), bytes.join(', ')]
}

/** The login that a request is, among other things. */
export function asLogin(request: PasswordRequest): IncomingPassword {
  return new IncomingPassword('auth', request.user, request.server, request.password, request)
}

/** The removal that a request is, once the password is known to be right. */
export function asRemoval(request: PasswordRequest): IncomingUser {
  return new IncomingUser('removeuser', request.user, request.server, request)
}

/** The same request for another user. */
export function forUser(request: Request, user: string): IncomingRequest {
  return remade(request, user, request)
}

/** The same request, given up when somebody else says so. The signal is made only when it is looked at. */
export function withOrigin(request: Request, origin: Origin): IncomingRequest {
  return remade(request, request.user, origin)
}

function remade(request: Request, user: string, origin: Origin): IncomingRequest {
  const { server } = request
  if ('password' in request)
    return new IncomingPassword(request.operation, user, server, request.password, origin)
  if ('certificate' in request) {
    return new IncomingCertificate(request.operation, user, server, request.certificate, origin)
  }
  return new IncomingUser(request.operation, user, server, origin)
}

/** An `AbortController` costs more than the rest of a request, so it is made when somebody looks at the signal. */
class Cancellation {
  readonly #listeners = new Set<AbortListener>()
  #controller: AbortController | undefined
  #reason: Error | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  onAbort(listener: AbortListener): () => void {
    if (this.#reason === undefined) this.#listeners.add(listener)
    else listener(this.#reason)
    return () => this.#listeners.delete(listener)
  }

  abort(reason: Error): void {
    this.#reason ??= reason
    this.#controller?.abort(reason)
    for (const listener of this.#listeners) listener(reason)
    this.#listeners.clear()
  }
}
