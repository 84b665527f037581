/**
 * The options of a backend, looked at before anything is connected.
 *
 * @module
 */
import { isIP } from 'node:net'
import { hintFor } from './nearest.ts'
import { typeName } from './reason.ts'

/** What one option may be. */
export interface Rule {
  /** Ends the sentence "Expected `x` of ldap to be ...". */
  readonly expected: string
  readonly isValid: (value: unknown) => boolean
  /** May be left out. */
  readonly optional?: true
  /** An error says of its value how long it is, and no more. */
  readonly secret?: true
  /** What a list or an object consists of, so that an error can name the first part that is wrong. */
  readonly parts?: (value: unknown) => readonly Part[]
}

/** A part of a value: its number in a list, or its name in an object. */
export interface Part {
  readonly name: number | string
  readonly value: unknown
  readonly rule: Rule
}

/** One rule for each option that there is: a name without a rule is a slip. */
export type Rules<Options> = { readonly [Name in keyof Options]-?: Rule }

/**
 * Throws a `TypeError` for the first option that is unknown, missing or wrong; it names the option, what was expected
 * and what was found, and never prints a secret.
 *
 * @param owner The word before the options in the administrator's file, such as `ldap`.
 */
export function checkOptions<Options extends object>(
  owner: string,
  options: Options,
  rules: Rules<Options>,
): void {
  if (!isRecord(options)) {
    // A text in their place is perhaps a URL with a password in it.
    throw new TypeError(`Expected the options of ${owner} to be an object, got ${describeSecret(options)}`)
  }
  checkNames(owner, options, Object.keys(rules))
  for (const [name, rule] of Object.entries<Rule>(rules)) {
    check(owner, name, rule, (options as Readonly<Record<string, unknown>>)[name])
  }
}

/** Throws a `TypeError` for the first name in an object that is not one of these. */
export function checkNames(owner: string, options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`${owner} has no option \`${unknown}\`: ${hintFor(unknown, names)}`)
}

function check(owner: string, name: string, rule: Rule, value: unknown): void {
  if (value === undefined ? rule.optional === true : rule.isValid(value)) return
  for (const part of rule.parts?.(value) ?? []) {
    const itsRule = rule.secret === true ? secret(part.rule) : part.rule
    if (typeof part.name === 'number') check(owner, `${name}[${part.name}]`, itsRule, part.value)
    else check(`${name} of ${owner}`, part.name, itsRule, part.value)
  }
  throw optionError(owner, name, rule.expected, value, rule.secret)
}

/** The error for an option that is wrong in a way that a rule alone cannot see. */
export function optionError(
  owner: string,
  name: string,
  expected: string,
  value: unknown,
  secret: boolean = false,
): TypeError {
  const found = secret ? describeSecret(value) : describe(value)
  return new TypeError(`Expected \`${name}\` of ${owner} to be ${expected}, got ${found}`)
}

/** A rule for an option that may be left out. */
export function optional(rule: Rule): Rule {
  return { ...rule, optional: true }
}

/** A rule for an option whose value must not be printed. */
export function secret(rule: Rule): Rule {
  return { ...rule, secret: true }
}

/** A text of at least one character. */
export const text: Rule = {
  expected: 'a text',
  isValid: (value) => typeof value === 'string' && value !== '',
}

/** `true` or `false`. */
export const flag: Rule = { expected: 'true or false', isValid: (value) => typeof value === 'boolean' }

/** A function. */
export const fn: Rule = { expected: 'a function', isValid: (value) => typeof value === 'function' }

/** A length of time in milliseconds, from 0 up. */
export const milliseconds: Rule = {
  expected: 'a number of milliseconds from 0 up',
  isValid: (value) => typeof value === 'number' && value >= 0,
}

/** A whole number within limits, both included. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`
  return {
    expected: `a whole number from ${range}`,
    isValid: (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  }
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Rule {
  return {
    expected: `one of ${words.join(', ')}`,
    isValid: (value) => typeof value === 'string' && words.includes(value),
  }
}

/** A list of at least one value, each of which a rule allows. */
export function listOf(rule: Rule): Rule {
  return {
    ...rule,
    expected: `a list, each of it ${rule.expected}`,
    isValid: (value) => Array.isArray(value) && value.length > 0 && value.every(rule.isValid),
    parts: (value) => (Array.isArray(value) ? value.map((each, name) => ({ name, value: each, rule })) : []),
  }
}

/** An object whose values a rule allows, whatever they are called. */
export function recordOf(rule: Rule): Rule {
  return {
    ...rule,
    expected: `an object, each value of it ${rule.expected}`,
    isValid: (value) => isRecord(value) && Object.values(value).every(rule.isValid),
    parts: (value) =>
      isRecord(value) ? Object.entries(value).map(([name, each]) => ({ name, value: each, rule })) : [],
  }
}

/** A rule for what either of two rules allows. */
export function either(one: Rule, other: Rule): Rule {
  return {
    expected: `${one.expected}, or ${other.expected}`,
    isValid: (value) => one.isValid(value) || other.isValid(value),
    parts: (value) => [one, other].flatMap((rule) => rule.parts?.(value) ?? []),
  }
}

/** Is this what JSON calls an object? */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An absolute URL with one of these schemes (`https:`), and without a user name or password in it. */
export function urlWith(...schemes: readonly string[]): Rule {
  return {
    expected: `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}, without a password in it`,
    isValid: (value) => isUrl(value, schemes),
    // Somebody may have written user:password@ into it.
    secret: true,
  }
}

function isUrl(value: unknown, schemes: readonly string[]): boolean {
  if (!(typeof value === 'string' || value instanceof URL) || !URL.canParse(String(value))) return false
  const { protocol, username, password } = new URL(value)
  return schemes.includes(protocol) && username === '' && password === ''
}

/** What was found: a text is shown, of anything else the type. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return value === '' ? 'an empty text' : `\`${shorten(value)}\` (string)`
  if (typeof value === 'object' || typeof value === 'function') return describeObject(value)
  return `\`${String(value)}\` (${typeof value})`
}

function shorten(value: string): string {
  return value.length > 100 ? `${value.slice(0, 100)}...` : value
}

function describeSecret(value: unknown): string {
  if (value === undefined) return 'nothing'
  return typeof value === 'string' ? `a text of ${value.length} characters` : describeObject(value)
}

function describeObject(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return 'an empty list'
  const isPlain = isRecord(value) && Object.getPrototypeOf(value) === Object.prototype
  return isPlain && Object.keys(value).length === 0 ? 'an empty object' : `a value of type ${typeName(value)}`
}

/**
 * Throws a `TypeError` if an `http:` URL leads to another host and nobody has said that this is what is wanted: whoever
 * is on the way would see each password, and could say yes to any.
 */
export function checkEncrypted(
  owner: string,
  name: string,
  urls: readonly (string | URL)[],
  insecure: boolean | undefined,
): void {
  const open = urls
    .map((url) => new URL(url))
    .find(({ protocol, hostname }) => protocol === 'http:' && !isLoopback(hostname))
  if (open === undefined || insecure === true) return
  const why = `, as what is said to ${open.host} would go there unencrypted (or \`insecure: true\`, if that is what you want)`
  throw optionError(owner, name, `an https:// URL${why}`, open.origin)
}

/** Does a host of a URL never leave this machine? */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  )
}
