/**
 * Why something failed, in words that are safe to log.
 *
 * @module
 */
import { inspect } from 'node:util'
import { ExtauthError } from './errors.ts'

const MAX_LENGTH = 500
const MAX_CAUSES = 5

/**
 * Describes whatever was thrown: its name, code and message, and those of its causes.
 *
 * Database clients and web services like to quote what they were asked. If the text quotes `secret` in any common
 * spelling, the messages are left out.
 */
export function reasonOf(thrown: unknown, secret?: string): string {
  const text = describe(thrown, true)
  const safe = secret === undefined || !quotes(text, secret)
  return cut(safe ? text : `${describe(thrown, false)} (the message quotes the password and is left out)`)
}

/**
 * Describes an error that no request can be blamed for: without its message, which might quote any password, but
 * with the line of code it came from.
 */
export function reasonOfUnknownOrigin(thrown: unknown): string {
  const place = placeOf(thrown)
  return cut(`${describe(thrown, false)}${place === undefined ? '' : ` at ${place}`}`)
}

/** The line of code that an error came from, as the topmost line of its stack has it. */
export function placeOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof Error ? /^ +at (.*)$/m.exec(String(thrown.stack))?.[1] : undefined
  } catch {
    return undefined
  }
}

function describe(thrown: unknown, withMessage: boolean): string {
  const parts: string[] = []
  let error = thrown
  do {
    parts.push(describeOne(error, withMessage))
    error = causeOf(error)
  } while (error !== undefined && parts.length < MAX_CAUSES)
  return parts.join(', because of ')
}

function describeOne(thrown: unknown, withMessage: boolean): string {
  // What was thrown is somebody else's: a getter of it may throw in turn.
  try {
    // Our own errors say all in their message.
    if (thrown instanceof ExtauthError && withMessage) return thrown.message
    if (!(thrown instanceof Error))
      return `a thrown ${typeName(thrown)}${withMessage ? ` ${brief(thrown)}` : ''}`
    const { name, message } = thrown
    const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
    const label = code === undefined || message.includes(code) ? name : `${name} ${code}`
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
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
}

function quotes(text: string, secret: string): boolean {
  const spellings = [
    secret,
    secret.normalize('NFC'),
    percentEncoded(secret),
    JSON.stringify(secret).slice(1, -1),
    inspect(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
  ]
  return spellings.some((spelling) => text.includes(spelling))
}

function percentEncoded(secret: string): string {
  return new URLSearchParams({ '': secret }).toString().slice(1)
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text
}
