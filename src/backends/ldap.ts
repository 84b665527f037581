/**
 * The backend that asks a directory: OpenLDAP, 389 Directory Server, Active Directory and others.
 *
 * @module
 */
import type { Handlers, PasswordRequest, UserRequest } from '../handlers.ts'
import { peer } from '../peer.ts'
import { createDirectory } from './ldap/directory.ts'
import { isOneSpelling } from './ldap/names.ts'
import { settingsOf } from './ldap/settings.ts'
import { createPatience } from './patience.ts'

/** What `ldap` can be told. In templates `%u` stands for the user, `%d` for the server, `%j` for both, as a JID. */
export interface LdapOptions {
  /**
   * The server, `ldaps://ldap.example.org` or `ldap://ldap.example.org`, or several with the same entries: if one cannot
   * be reached or fails, the next one is asked, and first from then on.
   */
  readonly url: string | readonly string[]
  /**
   * Turns `ldap://` connections into ones with TLS before anything is said on them.
   *
   * @default false
   */
  readonly startTls?: boolean
  /** The certificates, in PEM, of the authorities to trust instead of those that Node.js trusts. */
  readonly ca?: string | Buffer
  /** The name that has to be in the server's certificate, if it is not that of the URL. */
  readonly servername?: string
  /**
   * Allows `ldap://` to other hosts than this one without `startTls`: whoever sees the network sees each password.
   *
   * @default false
   */
  readonly insecure?: boolean
  /** As whom users are searched, and their passwords set. Left out: as nobody. */
  readonly bindDn?: string
  /** The password of `bindDn`. */
  readonly bindPassword?: string
  /** Where the users are, for example `ou=people,dc=example,dc=org`; may hold `%d`. */
  readonly base?: string
  /**
   * Whether users are anywhere below `base`, or directly below it.
   *
   * @default 'sub'
   */
  readonly scope?: 'sub' | 'one'
  /** Finds a user, for example `(&(objectClass=inetOrgPerson)(uid=%u))`; holds `%u` or `%j`. */
  readonly filter?: string
  /** Instead of `filter`: the name of a user's entry, for example `uid=%u,ou=people,dc=example,dc=org`. */
  readonly userDn?: string
  /** Users are only those whom this finds something for. */
  readonly group?: LdapGroup
  /**
   * Lets users change their passwords: the Password Modify operation (RFC 3062), by `bindDn`.
   *
   * @default false
   */
  readonly setpass?: boolean
  /**
   * How long making a connection may take, in milliseconds, with TLS and the bind as `bindDn`.
   *
   * @default 1500
   */
  readonly connectTimeout?: number
  /**
   * How long an answer may take, in milliseconds.
   *
   * @default 3000
   */
  readonly timeout?: number
  /**
   * For how long, in milliseconds, servers that cannot be used are tried again within a request, counted from the first
   * request that met it.
   *
   * @default 4000
   */
  readonly patience?: number
  /** The package ldapts, version 8, if it is not installed where this one is: `import * as ldapts from 'ldapts'`. */
  readonly ldapts?: LdaptsPackage
}

/** A condition that a user has to meet beside having an entry. */
export interface LdapGroup {
  /** Where to search, if it is not the `base` of the users. */
  readonly base?: string
  /** For example `(&(cn=chat)(member=%D))`: `%D` stands for the name of the user's entry. */
  readonly filter: string
}

/** What is used of the package ldapts. */
export interface LdaptsPackage {
  readonly Client: new (options: never) => object
  readonly BerWriter: new () => object
}

/**
 * Makes handlers that check passwords against a directory: the user's entry is searched, and a bind as that entry
 * with the password decides. Needs the package ldapts, version 8.
 *
 * The server is connected when the first request comes, not here. Requests fail with an `UnavailableError` if no server
 * can be reached or is able to answer, and with a `BackendError` if it answers with neither yes nor no: several entries
 * for one user, a referral, a certificate that is not trusted, a `bindDn` that is refused. None of these is ever a wrong
 * password.
 *
 * For a user that is not there a bind is made all the same, as `bindDn`, so that the time it takes does not tell. The
 * group is asked about last, and only for whom the password is right.
 *
 * @throws {TypeError} If an option is wrong.
 * @throws {MissingPackageError} If ldapts is not installed.
 * @example
 * ```ts
 * import { ldap, serve } from 'ejabberd-extauth'
 *
 * await serve(
 *   ldap({
 *     url: 'ldaps://ldap.example.org',
 *     bindDn: 'cn=ejabberd,ou=services,dc=example,dc=org',
 *     bindPassword: 'the password of that account',
 *     base: 'ou=people,dc=example,dc=org',
 *     filter: '(&(objectClass=inetOrgPerson)(uid=%u))',
 *   }),
 * )
 * ```
 */
export function ldap(options: LdapOptions): Handlers {
  const settings = settingsOf(options)
  const given = settings.ldapts as typeof import('ldapts') | undefined
  const directory = createDirectory(
    peer('ldapts', 'ldap', () => import('ldapts'), given),
    settings,
  )
  const patiently = createPatience(settings.patience)

  return {
    auth: (request) => patiently(request, () => auth(request)),
    isuser: (request) => patiently(request, async () => (await findUser(request)) !== undefined),
    ...(settings.setpass && { setpass: (request) => patiently(request, () => setpass(request)) }),
    close: () => directory.close(),
  }

  async function auth(request: PasswordRequest): Promise<boolean> {
    const dn = isOneSpelling(request.user) ? await directory.findForLogin(request) : undefined
    if (dn === undefined) {
      await directory.pretend(request)
      return false
    }
    return (
      (await directory.isPassword(dn, request)) === true && (await directory.isMember(dn, request)) === true
    )
  }

  async function setpass(request: PasswordRequest): Promise<boolean> {
    const dn = await findUser(request)
    return dn !== undefined && request.password !== '' && (await directory.change(dn, request)) === true
  }

  async function findUser(request: PasswordRequest | UserRequest): Promise<string | undefined> {
    if (!isOneSpelling(request.user)) return undefined
    const dn = await directory.find(request)
    return dn !== undefined && (await directory.isMember(dn, request)) === true ? dn : undefined
  }
}
