/**
 * What an answer says that is neither `true` nor a plain `false`.
 *
 * @module
 */
import { BackendError, type ExtauthError } from '../../errors.ts'
import { awayError, isAway } from './failure.ts'
import type { Reply } from './service.ts'

/** The codes that say no: not authorized, not allowed, not found. */
const NO: ReadonlySet<number> = new Set([401, 403, 404])

/**
 * Does the service say no by its status?
 *
 * What only looks like it is not its word about a user: a 401 with a challenge, which is about this program's own
 * credentials, and the page of a web server in front of it, which does not know the path.
 */
export function saysNo({ status, headers, body }: Omit<Reply, 'name'>): boolean {
  if (!NO.has(status) || isPage(body)) return false
  return !(status === 401 && headers['www-authenticate'] !== undefined)
}

/** Is this the page of a web server, for people? */
export function isPage(body: string): boolean {
  return /^\s*</.test(body)
}

/** The error for an answer that is neither yes nor no. */
export function unusable({ name, status, headers, body }: Reply): ExtauthError {
  // Of the body nothing is quoted: it may repeat the password.
  const answered = `${name} answered ${status}`
  if (isAway(status)) return awayError(answered, status, headers)
  if (status === 401 && headers['www-authenticate'] !== undefined) {
    return new BackendError(`${answered}: it wants other \`credentials\` or \`headers\` from this program`)
  }
  const size = Buffer.byteLength(body)
  return new BackendError(`${answered} with a body of ${size} bytes, which is neither yes nor no`)
}
