/**
 * The options of `ldap`, checked.
 *
 * @module
 */
import { isIP } from 'node:net'
import {
  checkOptions,
  either,
  flag,
  isLoopback,
  listOf,
  milliseconds,
  oneOf,
  optional,
  optionError,
  type Rule,
  type Rules,
  secret,
  text,
  urlWith,
  wholeNumber,
} from '../../option-rules.ts'
import { certificates } from '../certificates.ts'
import type { LdapGroup, LdapOptions } from '../ldap.ts'
import { hasOnly, isDn, isFilter, mentions, type Placeholder } from './template.ts'

/** The options with their defaults; one of `filter` and `userDn` is there. */
export interface Settings extends LdapOptions {
  readonly servers: readonly string[]
  readonly startTls: boolean
  readonly scope: 'sub' | 'one'
  readonly connectTimeout: number
  readonly timeout: number
}

/** Throws a `TypeError` for the first option that is wrong. */
export function settingsOf(options: LdapOptions): Settings {
  checkOptions(OWNER, options, RULES)
  checkServers(options)
  checkSearch(options)
  checkService(options)
  if (options.group !== undefined) checkGroup(options.group, options.base)
  return {
    ...options,
    servers: [options.url].flat().map(String),
    startTls: options.startTls ?? false,
    scope: options.scope ?? 'sub',
    // Two servers, the first of them silent, fit into the deadline of 5 s.
    connectTimeout: options.connectTimeout ?? 1500,
    timeout: options.timeout ?? 3000,
  }
}

const OWNER = 'ldap'

const url = urlWith('ldap:', 'ldaps:')

const base = template(
  'a distinguished name such as ou=people,dc=example,dc=org, in which %d may stand for the server',
  isDn,
  ['d'],
)

const userDn = template(
  'a distinguished name with %u or %j in it, such as uid=%u,ou=people,dc=example,dc=org',
  isDn,
  ['u', 'd', 'j'],
  ['u', 'j'],
)

const filter = template(
  'a filter with %u or %j in it, such as (&(objectClass=inetOrgPerson)(uid=%u))',
  isFilter,
  ['u', 'd', 'j'],
  ['u', 'j'],
)

const groupFilter = template(
  'a filter with %D, %u or %j in it, such as (&(cn=chat)(member=%D))',
  isFilter,
  ['u', 'd', 'j', 'D'],
  ['D', 'u', 'j'],
)

/** A rule for a text of some form with no other placeholders than the known ones, and one of the needed ones at least. */
function template(
  expected: string,
  hasForm: (text: string) => boolean,
  known: readonly Placeholder[],
  needed?: readonly Placeholder[],
): Rule {
  return {
    expected,
    isValid: (value) =>
      typeof value === 'string' &&
      hasForm(value) &&
      hasOnly(value, ...known) &&
      (needed === undefined || mentions(value, ...needed)),
  }
}

// Timers take no more.
const timeLimit = wholeNumber(1, 2 ** 31 - 1)

const RULES: Rules<LdapOptions> = {
  // Whoever writes a password into it shall not find it in a log.
  url: secret(either(url, listOf(url))),
  startTls: optional(flag),
  ca: optional(certificates),
  servername: optional({
    expected: 'the name in the certificate, not an address',
    isValid: (value) => typeof value === 'string' && value !== '' && isIP(value) === 0,
  }),
  insecure: optional(flag),
  bindDn: optional(text),
  bindPassword: optional(secret(text)),
  base: optional(base),
  scope: optional(oneOf('sub', 'one')),
  filter: optional(filter),
  userDn: optional(userDn),
  group: optional({
    expected: 'an object with `filter` and, if it is not that of the users, `base`',
    isValid: (value) => typeof value === 'object' && value !== null,
  }),
  setpass: optional(flag),
  connectTimeout: optional(timeLimit),
  timeout: optional(timeLimit),
  patience: optional(milliseconds),
  ldapts: optional({
    expected: 'the package ldapts, version 8',
    isValid: (value) =>
      typeof value === 'object' && value !== null && 'Client' in value && 'BerWriter' in value,
  }),
}

const GROUP_RULES: Rules<LdapGroup> = { base: optional(base), filter: groupFilter }

function checkServers({ url, startTls, insecure }: LdapOptions): void {
  const urls = [url].flat().map((server) => new URL(server))
  if (
    urls.some(({ hostname, pathname, search }) => hostname === '' || pathname.length > 1 || search !== '')
  ) {
    throw optionError(OWNER, 'url', 'a scheme, a host and perhaps a port, and nothing else', url, true)
  }
  if (startTls && urls.every(({ protocol }) => protocol === 'ldaps:')) {
    throw optionError(OWNER, 'startTls', 'left out beside ldaps:// URLs, which have TLS from the start', true)
  }
  const open = urls.find(({ protocol, hostname }) => protocol === 'ldap:' && !isLoopback(hostname))
  if (open === undefined || startTls || insecure) return
  const why = `, as passwords would go to ${open.host} unencrypted (or \`insecure: true\`, if that is what you want)`
  throw optionError(OWNER, 'startTls', `true${why}`, startTls)
}

function checkSearch({ base, filter, userDn }: LdapOptions): void {
  if (userDn !== undefined && filter !== undefined) {
    throw optionError(OWNER, 'filter', 'left out beside `userDn`, which needs no search', filter)
  }
  if (userDn !== undefined) return
  if (filter === undefined)
    throw optionError(OWNER, 'filter', `${RULES.filter.expected}, or \`userDn\``, filter)
  if (base === undefined) throw optionError(OWNER, 'base', RULES.base.expected, base)
}

function checkService({ bindDn, bindPassword, setpass }: LdapOptions): void {
  if (bindDn !== undefined && bindPassword === undefined) {
    throw optionError(OWNER, 'bindPassword', 'a text beside `bindDn`', bindPassword)
  }
  if (bindDn === undefined && (bindPassword !== undefined || setpass)) {
    throw optionError(OWNER, 'bindDn', `a text beside \`${setpass ? 'setpass' : 'bindPassword'}\``, bindDn)
  }
}

function checkGroup(group: LdapGroup, usersBase: string | undefined): void {
  checkOptions(`the group of ${OWNER}`, group, GROUP_RULES)
  if (group.base === undefined && usersBase === undefined) {
    throw optionError(`the group of ${OWNER}`, 'base', RULES.base.expected, undefined)
  }
}
