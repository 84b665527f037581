/**
 * Names as people write them, brought into the form in which ejabberd sends them.
 *
 * @module
 */

import { UsageError } from '../errors.ts'

/**
 * Prepares a user name as ejabberd does (nodeprep, RFC 6122 appendix A): without invisible characters, in NFKC,
 * in lower case. Throws a `UsageError` for what cannot be a user name.
 */
export function prepareUser(name: string): string {
  const user = prepare(name)
  checkName('the user name', user)
  return user
}

/** Prepares the name of a virtual host likewise (nameprep); an IPv6 literal in brackets may hold colons. */
export function prepareServer(name: string): string {
  const server = prepare(name)
  if (!/^\[[0-9a-f:.]+\]$/.test(server)) checkName('the server name', server)
  return server
}

/** Can this be written into a line with fields between spaces? All that ejabberd sends can. */
export function isPlainName(name: string): boolean {
  return name !== '' && !UNWANTED.test(name)
}

/** The most that a part of a JID may have, in bytes (RFC 7622, section 3.1). */
const MOST_BYTES = 1023

const FORBIDDEN = /["&'/:<>@]/
const UNWANTED = /[\s\p{Zs}\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u

/** RFC 3454, table B.1. */
export const MAPPED_TO_NOTHING: RegExp =
  /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu

function prepare(name: string): string {
  return foldCase(name.replace(MAPPED_TO_NOTHING, '').normalize('NFKC')).normalize('NFKC')
}

/** Lower case as RFC 3454, table B.2, has it, which differs in these from that of JavaScript. */
function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ')
}

/** Does not quote the name: in a line of an import that was misunderstood it may be a password. */
function checkName(what: string, name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes < 1 || bytes > MOST_BYTES) {
    throw new UsageError(`Expected ${what} to have 1 to ${MOST_BYTES} bytes, got ${bytes}`)
  }
  const [found] = FORBIDDEN.exec(name) ?? UNWANTED.exec(name) ?? []
  if (found === undefined) return
  throw new UsageError(
    `Expected ${what} to have no spaces, no control characters and none of "&'/:<>@, got ${JSON.stringify(found)}`,
  )
}
