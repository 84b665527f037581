/**
 * A request as the program holds it: what a handler sees, and the means to abort it.
 *
 * @module
 */
import { inspect } from 'node:util'
import type { CertificateRequest, Operation, PasswordRequest, UserRequest } from './handlers.ts'

/** What the three kinds of request have in common. */
abstract class Incoming<O extends Operation> {
  readonly operation: O
  readonly user: string
  readonly server: string
  readonly #cancellation: Cancellation

  /** @param origin The request that this one is a part of: they share their signal. */
  constructor(operation: O, user: string, server: string, origin?: Incoming<Operation>) {
    this.operation = operation
    this.user = user
    this.server = server
    this.#cancellation = origin === undefined ? new Cancellation() : origin.#cancellation
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal
  }

  /** Tells the handler, if it listens, that nobody waits for it any more. */
  abort(reason: Error): void {
    this.#cancellation.abort(reason)
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
    origin?: IncomingPassword,
  ) {
    super(operation, user, server, origin)
    this.#password = password
  }

  get password(): string {
    return this.#password
  }

  /** The login that this request is, among other things. */
  asLogin(): IncomingPassword {
    return new IncomingPassword('auth', this.user, this.server, this.password, this)
  }

  /** The removal that this request is, once the password is known to be right. */
  asRemoval(): IncomingUser {
    return new IncomingUser('removeuser', this.user, this.server, this)
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
  ) {
    super(operation, user, server)
    this.#certificate = certificate
  }

  get certificate(): Uint8Array {
    return this.#certificate
  }
}

/** Any of them, told apart by its `operation`. */
export type IncomingRequest = IncomingUser | IncomingPassword | IncomingCertificate

/** An `AbortController` costs more than the rest of a request, so it is made when somebody looks at the signal. */
class Cancellation {
  #controller: AbortController | undefined
  #reason: Error | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  abort(reason: Error): void {
    this.#reason ??= reason
    this.#controller?.abort(reason)
  }
}
