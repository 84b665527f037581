/**
 * The header that says who is asking.
 *
 * @module
 */

/** The value of `Authorization` for HTTP Basic authentication, in UTF-8 (RFC 7617, section 2.1). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/**
 * Can HTTP Basic authentication say this? A user name cannot hold a `:`, as what follows it would be taken for the
 * password, and neither of them a control character: C programs stop reading at NUL (RFC 7617, section 2).
 */
export function canBeBasic(username: string, password: string): boolean {
  return !username.includes(':') && !/\p{Cc}/u.test(username + password)
}
