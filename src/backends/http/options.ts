/**
 * The options of `http`, looked at before anything is connected.
 *
 * @module
 */
import { certificates } from '../certificates.ts'
import type {
  HttpBasicOptions,
  HttpCommonOptions,
  HttpFormOptions,
  HttpJsonOptions,
  HttpOptions,
} from '../http.ts'
import {
  checkEncrypted,
  checkOptions,
  either,
  flag,
  fn,
  isRecord,
  listOf,
  milliseconds,
  oneOf,
  optional,
  optionError,
  type Rule,
  type Rules,
  secret,
  urlWith,
  wholeNumber,
} from '../options.ts'
import { canBeBasic } from './authorization.ts'
import { JSON_OPERATIONS, urlOf } from './json.ts'

const OWNER = 'http'

const url = urlWith('http:', 'https:')

const urlForEach: Rule = {
  ...url,
  expected: 'an object with such a URL for each of some operations',
  isValid: (value) =>
    isRecord(value) &&
    !(value instanceof URL) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(
      ([name, each]) => (JSON_OPERATIONS as readonly string[]).includes(name) && url.isValid(each),
    ),
}

/** Those that say where a message ends are nobody else's business, neither are those of one connection. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const headers: Rule = {
  expected: `an object of header names and values, none of them ${[...RESERVED].join(', ')}`,
  isValid: (value) => isRecord(value) && Object.entries(value).every(isHeader),
  // A value may be a key of the service.
  secret: true,
}

const credentials: Rule = {
  expected:
    'an object of username and password, without a `:` in the username and without control characters',
  isValid: (value) => isRecord(value) && isCredentials(value['username'], value['password']),
  secret: true,
}

const COMMON: Rules<HttpCommonOptions> = {
  headers: optional(headers),
  ca: optional(certificates),
  insecure: optional(flag),
  maxBodySize: optional(wholeNumber(1)),
  patience: optional(milliseconds),
}

const FORM: Rules<HttpFormOptions> = {
  api: optional(oneOf('form', 'json', 'basic')),
  url,
  credentials: optional(credentials),
  operations: optional(listOf(oneOf(...JSON_OPERATIONS.filter((operation) => operation !== 'removeuser3')))),
  ...COMMON,
}

const JSON_API: Rules<HttpJsonOptions> = {
  api: oneOf('json'),
  url: secret(either(url, urlForEach)),
  credentials: optional(credentials),
  operations: optional(listOf(oneOf(...JSON_OPERATIONS))),
  body: optional(fn),
  answer: optional(fn),
  ...COMMON,
}

const BASIC: Rules<HttpBasicOptions> = { api: oneOf('basic'), url, ...COMMON }

/** Throws a `TypeError` for the first option that is unknown, missing or wrong. */
export function checkHttpOptions(options: HttpOptions): void {
  if (options?.api === 'json') {
    checkOptions('http (api: json)', options, JSON_API)
    checkOperations(options)
  } else if (options?.api === 'basic') {
    checkOptions('http (api: basic)', options, BASIC)
  } else {
    checkOptions(OWNER, options, FORM)
    checkBase(options.url)
  }
  checkEncrypted(OWNER, 'url', urlsOf(options), options.insecure)
  checkAuthorization(options)
  checkCa(options)
}

function checkOperations({ url, operations }: HttpJsonOptions): void {
  const hasOne = typeof url === 'string' || url instanceof URL
  if (operations === undefined && hasOne) {
    throw optionError(
      OWNER,
      'operations',
      'a list of what the service can do, as it has one `url`',
      undefined,
    )
  }
  const missing = operations?.find((operation) => urlOf(url, operation) === undefined)
  if (missing !== undefined) {
    throw optionError(OWNER, 'operations', 'a list of operations that have a URL in `url`', missing)
  }
}

function checkBase(url: string | URL): void {
  const { search, hash } = new URL(url)
  if (search + hash === '') return
  throw optionError(OWNER, 'url', 'a URL without a query and a fragment', String(url), true)
}

function checkAuthorization(options: HttpOptions): void {
  const isTaken = options.api === 'basic' || options.credentials !== undefined
  const names = Object.keys(options.headers ?? {})
  if (!isTaken || !names.some((name) => name.toLowerCase() === 'authorization')) return
  const why = options.api === 'basic' ? 'it names the user' : 'it is made of `credentials`'
  throw optionError(OWNER, 'headers', `headers without Authorization, as ${why}`, options.headers, true)
}

function checkCa(options: HttpOptions): void {
  if (options.ca === undefined || urlsOf(options).some((each) => each.protocol === 'https:')) return
  throw optionError(OWNER, 'ca', 'left out, as `url` does not begin with https://', options.ca, true)
}

function urlsOf({ url }: HttpOptions): URL[] {
  const urls = typeof url === 'string' || url instanceof URL ? [url] : Object.values(url)
  return urls.map((each) => new URL(each))
}

/** RFC 9110, sections 5.1 and 5.5: a token, and a value without line breaks; what is not ASCII has no agreed encoding. */
function isHeader([name, value]: [string, unknown]): boolean {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || RESERVED.has(name.toLowerCase())) return false
  return typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value)
}

function isCredentials(username: unknown, password: unknown): boolean {
  return typeof username === 'string' && typeof password === 'string' && canBeBasic(username, password)
}
