/**
 * The backend that asks a web service.
 *
 * @module
 */
import type { Handlers, PasswordRequest, UserRequest } from '../handlers.ts'
import { basicDialect } from './http/basic.ts'
import { formDialect } from './http/form.ts'
import { jsonDialect } from './http/json.ts'
import { checkHttpOptions } from './http/options.ts'
import { createService, type Dialect, type Service } from './http/service.ts'
import { createPatience } from './patience.ts'

/** What a web service can be asked for. */
export type HttpOperation = (UserRequest | PasswordRequest)['operation']

/** What `http` can be told, told apart by `api`. */
export type HttpOptions = HttpFormOptions | HttpJsonOptions | HttpBasicOptions

/** What `http` can be told, whatever the service speaks. */
export interface HttpCommonOptions {
  /**
   * Headers of every request. Never those that frame a message, such as `Content-Length`.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The certificates, in PEM, of the authorities that the service's certificate may come from, instead of those that
   * Node.js trusts. With `https:` only; the certificate is always verified.
   */
  readonly ca?: string | Buffer
  /**
   * Allows `http:` URLs of other hosts than this one: whoever is on the way sees each password, and can allow any.
   *
   * @default false
   */
  readonly insecure?: boolean
  /**
   * How many bytes the body of an answer may have: one that is larger is let go of, and the request fails.
   *
   * @default 65536
   */
  readonly maxBodySize?: number
  /**
   * For how long, in milliseconds, a service that is away is asked again within a request, counted from the first
   * request that met it.
   *
   * @default 4000
   */
  readonly patience?: number
}

/** HTTP Basic authentication of this program to the service. */
export interface HttpCredentials {
  /** Without a `:`. */
  readonly username: string
  readonly password: string
}

/** A service with the interface that MongooseIM, ejabberd's contributed module and Prosody's share. */
export interface HttpFormOptions extends HttpCommonOptions {
  /** @default 'form' */
  readonly api?: 'form'
  /** Where `check_password` and its kin are: `http://127.0.0.1:8000/auth/`. Without a query. */
  readonly url: string | URL
  readonly credentials?: HttpCredentials
  /**
   * What the service can do; all else is refused without asking it.
   *
   * @default ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser']
   */
  readonly operations?: readonly Exclude<HttpOperation, 'removeuser3'>[]
}

/** A service that takes JSON. */
export interface HttpJsonOptions extends HttpCommonOptions {
  readonly api: 'json'
  /** One URL for all operations, in which `{operation}` is replaced by its name, or one for each of them. */
  readonly url: string | URL | { readonly [Name in HttpOperation]?: string | URL }
  readonly credentials?: HttpCredentials
  /** What the service can do; all else is refused without asking it. May be left out with a URL for each of them. */
  readonly operations?: readonly HttpOperation[]
  /**
   * What is sent, before it is encoded as JSON.
   *
   * @default { operation, user, server, password }, without `password` where the operation has none
   */
  readonly body?: (request: HttpQuestion) => unknown
  /**
   * What an answer means: `true` allowed, `false` refused, `undefined` neither, so that the request fails. Is not asked
   * about redirects, which always fail.
   *
   * A `tryregister` that is answered with `false` and the status 409 (it exists) is followed by an `auth` with the same
   * password, if the service can do that, because ejabberd may ask twice.
   *
   * @default With a status of 2xx, a body of `true`, `false` or `{ "allowed": true | false }`; without it 201 and 204 are
   * `true` for what changes an account. 401, 403 and 404 are `false`, and 409 to `tryregister`; but 404 to `removeuser`
   * is `true`, and to `tryregister` neither.
   */
  readonly answer?: (answer: HttpAnswer) => boolean | undefined
}

/** What a JSON service is to be asked: a request, as far as it can be sent. */
export interface HttpQuestion {
  readonly operation: HttpOperation
  readonly user: string
  readonly server: string
  /** Not for `isuser` and `removeuser`. */
  readonly password?: string
}

/** What a JSON service answered. */
export interface HttpAnswer {
  readonly operation: HttpOperation
  readonly status: number
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body, decoded from JSON; `undefined` if it is none. */
  readonly body: unknown
  /** The body as it arrived, UTF-8. */
  readonly text: string
}

/** Any URL that HTTP Basic authentication protects: 2xx is allowed, 401 and 403 are refused, all else fails. */
export interface HttpBasicOptions extends HttpCommonOptions {
  readonly api: 'basic'
  /** What the user would be let in to. */
  readonly url: string | URL
}

/**
 * Makes handlers that ask a web service, over connections that are kept.
 *
 * By default the service is one written for MongooseIM's `http` authentication, ejabberd-contrib's `ejabberd_auth_http`
 * or Prosody's `mod_auth_http`: `check_password`, `user_exists` (GET), `set_password`, `register`, `remove_user` (POST),
 * with the parameters `user`, `server` and `pass`. With `api: 'json'` it takes JSON, with `api: 'basic'` it is any URL
 * that wants a user name and a password (RFC 7617).
 *
 * A service that cannot be reached, breaks off or answers 408, 429 or 5xx is an `UnavailableError`, and asked again for
 * `patience`, but not after 429, nor before the time in `Retry-After`; any other answer that was not agreed on is a
 * `BackendError`. Neither is ever a wrong password. A redirect is not followed: the password goes to nobody but the
 * service that was named.
 *
 * @example
 * ```ts
 * import { http, serve } from 'ejabberd-extauth'
 *
 * await serve(http({ url: 'http://127.0.0.1:8000/auth/' }))
 * ```
 */
export function http(options: HttpOptions): Handlers {
  checkHttpOptions(options)
  const service = createService(options)
  const patiently = createPatience(options.patience)
  const dialect = dialectOf(options, service)

  const handlers: Handlers = { close: () => service.close() }
  for (const [operation, ask] of Object.entries(dialect)) {
    handlers[operation as HttpOperation] = (request: UserRequest | PasswordRequest) =>
      patiently(request, () => ask(request))
  }
  return handlers
}

function dialectOf(options: HttpOptions, service: Service): Dialect {
  if (options.api === 'json') return jsonDialect(options, service)
  return options.api === 'basic' ? basicDialect(options, service) : formDialect(options, service)
}
