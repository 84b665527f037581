/**
 * External authentication for ejabberd: the library behind the program.
 *
 * @module
 */
export { type AccountsOptions, accounts } from './backends/accounts.ts'
export {
  type HttpAnswer,
  type HttpBasicOptions,
  type HttpCommonOptions,
  type HttpCredentials,
  type HttpFormOptions,
  type HttpJsonOptions,
  type HttpOperation,
  type HttpOptions,
  type HttpQuestion,
  http,
} from './backends/http.ts'
export { type JwtOptions, jwt } from './backends/jwt.ts'
export { type LdapGroup, type LdapOptions, type LdaptsPackage, ldap } from './backends/ldap.ts'
export { type Introspection, type OAuthOptions, oauth, type Userinfo } from './backends/oauth.ts'
export {
  type SqlDialect,
  type SqlDriver,
  type SqlFault,
  type SqlOptions,
  type SqlPool,
  type SqlResult,
  sql,
} from './backends/sql.ts'
export type { ClaimOptions, Claims, ClaimValue, IsuserPolicy, TokenOptions } from './backends/tokens.ts'
export { Client, type ClientOptions, type StartOptions } from './client.ts'
export {
  byServer,
  firstOf,
  mapUser,
  type RememberOptions,
  readOnly,
  remember,
  type SlowDownOptions,
  slowDown,
  type UserMap,
} from './combinations.ts'
export {
  BackendError,
  ExtauthError,
  FrameTooLargeError,
  HandlersError,
  HashError,
  MissingPackageError,
  NoReplyError,
  ProgramEndedError,
  StoreError,
  TooManyRefusalsError,
  TruncatedFrameError,
  UnavailableError,
  UndecidedError,
  UnexpectedReplyError,
  UsageError,
} from './errors.ts'
export { decodeFrames, encodeFrame, MAX_BODY_LENGTH } from './frame.ts'
export type {
  Answer,
  CertificateRequest,
  Handlers,
  Operation,
  PasswordRequest,
  Request,
  UserRequest,
} from './handlers.ts'
export { type ServeOptions, serve } from './library.ts'
export type { LogLevel } from './log.ts'
export type {
  Argon2Package,
  BcryptPackage,
  NewHashFormat,
  PasswordFormats,
  WeakFormat,
} from './passwords/formats.ts'
