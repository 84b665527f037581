/**
 * Why something failed, in words that are safe to log.
 *
 * @module
 */
import { inspect } from 'node:util'
import { ExtauthError } from './errors.ts'
import { withoutRenewal } from './module-renewal.ts'
import { mayBeQuotedIn } from './quotation.ts'

const MAX_LENGTH = 500
/** What is looked at of a message: somebody's may hold all that a server has answered. */
const MAX_MESSAGE = 4000
const MAX_CAUSES = 5

/**
 * Describes whatever was thrown: its name, code and message, and those of its causes.
 *
 * Database clients and web services like to quote what they were asked. If the text quotes one of the `secrets` in any
 * common spelling, or may, the messages are left out. What stands before the host of a URL is never told.
 */
export function reasonOf(thrown: unknown, ...secrets: readonly (string | undefined)[]): string {
  const isQuotedIn = (text: string) =>
    secrets.some((secret) => secret !== undefined && mayBeQuotedIn(text, secret))
  const text = cut(describe(thrown, true))
  if (!isQuotedIn(text)) return text
  const names = cut(describe(thrown, false))
  return `${isQuotedIn(names) ? 'an error' : names} (the message may quote the password and is left out)`
}

/**
 * Describes an error that no request can be blamed for: without its message, which might quote any password, but
 * with the line of code it came from.
 */
export function reasonOfUnknownOrigin(thrown: unknown): string {
  const place = placeOf(thrown)
  return cut(`${describe(thrown, false)}${place === undefined ? '' : ` at ${place}`}`)
}

/**
 * The line of code that an error came from: the topmost of its stack that is in a file.
 *
 * @param except Not below this URL, and not in what has called something there.
 */
export function placeOf(thrown: unknown, except?: string): string | undefined {
  try {
    if (!(thrown instanceof Error)) return undefined
    const stack = String(thrown.stack).replace(String(thrown.message), '')
    const lines = [...stack.matchAll(/^ +at (.*)$/gm)].map(([, line = '']) => line)
    const others = except === undefined ? lines : between(lines, except)
    const place = others.find((line) => line.includes('file:')) ?? others[0]
    return place && withoutRenewal(place)
  } catch {
    return undefined
  }
}

/** The lines behind the first ones with this text in them, and before the next one. */
function between(lines: readonly string[], text: string): readonly string[] {
  const first = lines.findIndex((line) => !line.includes(text))
  const rest = first === -1 ? [] : lines.slice(first)
  const next = rest.findIndex((line) => line.includes(text))
  return next === -1 ? rest : rest.slice(0, next)
}

function describe(thrown: unknown, withMessage: boolean): string {
  const parts: string[] = []
  let error = thrown
  do {
    parts.push(describeOne(error, withMessage))
    error = causeOf(error)
  } while (error !== undefined && parts.length < MAX_CAUSES)
  return withoutRenewal(withoutCredentials(withoutJson(parts.join(', because of ').slice(0, MAX_MESSAGE))))
}

/**
 * `fetch`, for one, quotes the whole of a URL with a password in it. One that is no URL because of its password is
 * quoted first of all, so that nothing but a blank ends it, and behind a colon not even that: all is hidden up to the
 * last `@`, because `12/pq9x` may be a port and a path, or a password.
 */
function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z\d+.-]{0,20}:\/\/)(?:\S*|[^\s/?#:]*:.*)@/gi, '$1...@')
}

/** `JSON.parse` quotes what stands around a mistake, which in a file of settings is a password sooner or later. */
function withoutJson(text: string): string {
  return text.replace(
    /(Unexpected token .{1,4}, )(?:\.\.\.)?".*"(?:\.\.\.)?(?= is not valid JSON|$)/gs,
    '$1...',
  )
}

function describeOne(thrown: unknown, withMessage: boolean): string {
  // What was thrown is somebody else's: a getter of it may throw in turn.
  try {
    // Our own errors say all in their message.
    if (thrown instanceof ExtauthError && withMessage) return thrown.message
    if (!(thrown instanceof Error))
      return `a thrown ${typeName(thrown)}${withMessage && thrown != null ? ` ${brief(thrown)}` : ''}`
    const { name } = thrown
    const message = thrown.message.slice(0, MAX_MESSAGE)
    const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
    const label = code === undefined || message.includes(code) ? String(name) : `${name} ${code}`
    return withMessage && message !== '' ? `${label}: ${message}` : label
  } catch {
    return 'an error that cannot be described'
  }
}

/** An `AggregateError`, such as that of a refused connection to two addresses, says nothing itself. */
function causeOf(thrown: unknown): unknown {
  try {
    if (thrown instanceof ExtauthError) return undefined
    if (thrown instanceof AggregateError) return thrown.errors[0]
    return thrown instanceof Error ? thrown.cause : undefined
  } catch {
    return undefined
  }
}

/** Names a value and its type without showing more of it than a word. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function brief(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text
}
