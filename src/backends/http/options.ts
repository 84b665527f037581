/**
 * The options of `http`, looked at before anything is connected.
 *
 * @module
 */

import {
  checkEncrypted,
  checkNames,
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
  type Part,
  type Rule,
  type Rules,
  recordOf,
  secret,
  urlWith,
  wholeNumber,
} from '../../option-rules.ts'
import { certificates } from '../certificates.ts'
import type {
  HttpBasicOptions,
  HttpCommonOptions,
  HttpCredentials,
  HttpFormOptions,
  HttpJsonOptions,
  HttpOptions,
} from '../http.ts'
import { canBeBasic } from './authorization.ts'
import { JSON_OPERATIONS, urlOf } from './json.ts'

const OWNER = 'http'

const url = urlWith('http:', 'https:')

const urls = recordOf(url)
const urlForEach: Rule = {
  ...urls,
  expected: 'an object with such a URL for each of some operations',
  isValid: (value) =>
    urls.isValid(value) && !(value instanceof URL) && Object.keys(value as object).length > 0,
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
  expected: 'an object of header names and values',
  isValid: (value) =>
    isRecord(value) && headersIn(value).every(({ rule, value: part }) => rule.isValid(part)),
  parts: (value) => (isRecord(value) ? headersIn(value) : []),
  // A value may be a key of the service.
  secret: true,
}

/** RFC 9110, sections 5.1 and 5.5: a token, and a value without line breaks; what is not ASCII has no agreed encoding. */
const headerName: Rule = {
  expected: 'the name of a header, such as X-Key',
  isValid: (value) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(String(value)),
}
const headerValue: Rule = {
  expected: 'a text in ASCII without line breaks',
  isValid: (value) => typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value),
}
const reserved: Rule = { expected: 'left out, as it is not about what is asked', isValid: () => false }

/** A name that is none is not told: a value may have got into it. */
function headersIn(value: Readonly<Record<string, unknown>>): readonly Part[] {
  return Object.entries(value).map(([name, each], index) => {
    if (!headerName.isValid(name)) return { name: `name ${index + 1}`, value: name, rule: headerName }
    return { name, value: each, rule: RESERVED.has(name.toLowerCase()) ? reserved : headerValue }
  })
}

const credentials: Rule = {
  expected: 'an object of username and password',
  isValid: isRecord,
  secret: true,
}

const CREDENTIALS: Rules<HttpCredentials> = {
  username: secret({
    expected: 'a text without `:` and without control characters',
    isValid: (value) => typeof value === 'string' && canBeBasic(value, ''),
  }),
  password: secret({
    expected: 'a text without control characters',
    isValid: (value) => typeof value === 'string' && canBeBasic('', value),
  }),
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
    checkUrls(options)
    checkOperations(options)
  } else if (options?.api === 'basic') {
    checkOptions('http (api: basic)', options, BASIC)
  } else {
    checkOptions(OWNER, options, FORM)
    checkBase(options.url)
  }
  checkEncrypted(OWNER, 'url', urlsOf(options), options.insecure)
  checkCredentials(options)
  checkAuthorization(options)
  checkCa(options)
}

function checkUrls({ url }: HttpJsonOptions): void {
  if (!isOne(url)) checkNames('url of http', url, JSON_OPERATIONS)
}

function checkOperations({ url, operations }: HttpJsonOptions): void {
  if (operations === undefined && isOne(url)) {
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

function checkCredentials(options: HttpOptions): void {
  if (options.api === 'basic' || options.credentials === undefined) return
  checkOptions('credentials of http', options.credentials, CREDENTIALS)
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
  return (isOne(url) ? [url] : Object.values(url)).map((each) => new URL(each))
}

function isOne(url: HttpOptions['url']): url is string | URL {
  return typeof url === 'string' || url instanceof URL
}
