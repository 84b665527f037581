/**
 * Accounts as lines of text, which is how they are exported and imported.
 *
 *     alice example.org $scrypt$ln=15,r=8,p=3$...    as exported: the third field is the rest of the line
 *     alice example.org correct horse                a password instead of a hash
 *     alice:$scrypt$ln=15,r=8,p=3$...                as in htpasswd files, which name no server
 *
 * Blank lines and those with `#` in the first column are comments. A user name can begin with `#`; an export puts
 * a space before it.
 *
 * @module
 */

import { HashError, MissingPackageError, UsageError } from '../errors.ts'
import { checkHash, looksLikeHash } from '../passwords/registry.ts'
import type { Account } from './listing.ts'
import { prepareServer, prepareUser } from './prepare.ts'

/** What a line says: an account, and either its hash or its password. */
export interface Entry extends Account {
  readonly secret: { readonly hash: string } | { readonly password: string }
}

/** Writes the line that `parseLine` reads. */
export function formatLine({ user, server }: Account, hash: string): string {
  return `${user.startsWith('#') ? ' ' : ''}${user} ${server} ${hash}\n`
}

/**
 * Reads a line: `undefined` for a comment, an account, or a sentence that says what is wrong and quotes nothing of
 * the line, which may be a password wherever it is malformed.
 *
 * @param server The server of every account, and that the lines are those of an htpasswd file.
 */
export async function parseLine(line: string, server?: string): Promise<Entry | string | undefined> {
  if (/^(#|[ \t]*$)/.test(line)) return undefined
  return guarded(() => (server === undefined ? parseFields(line) : parseHtpasswd(line, server)))
}

/** What the work finds, or what is wrong with a name or a hash, as a sentence. */
export async function guarded<Found>(work: () => Promise<Found>): Promise<Found | string> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UsageError || isAboutHash(error)) return error.message
    throw error
  }
}

/** An account with a hash; throws if that could not be verified once it is imported. */
export async function takeHash(account: Account, hash: string): Promise<Entry> {
  await checkHash(hash)
  return { ...account, secret: { hash } }
}

async function parseFields(line: string): Promise<Entry | string> {
  const [, user, server, secret] = /^[ \t]*([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t].*)$/s.exec(line) ?? []
  if (user === undefined || server === undefined || secret === undefined) {
    const hint = line.includes(':') ? '; if this is an htpasswd file, add --server SERVER' : ''
    return `Expected three fields between spaces (user, server, hash or password), got fewer${hint}`
  }
  const account = { user: prepareUser(user), server: prepareServer(server) }
  if (!looksLikeHash(secret)) return takePassword(account, secret)
  try {
    return await takeHash(account, secret)
  } catch (error) {
    if (!(error instanceof HashError)) throw error
    return `${error.message}; if it is a password: account passwd`
  }
}

/** An account with a password. A control character is the sign of other line ends, or of no text at all. */
export function takePassword(account: Account, password: string): Entry | string {
  if (/\p{Cc}/u.test(password)) return 'Expected a password without control characters, got one'
  return { ...account, secret: { password } }
}

async function parseHtpasswd(line: string, server: string): Promise<Entry | string> {
  const colon = line.indexOf(':')
  if (colon < 0) return 'Expected user:hash, got no colon'
  const hash = line.slice(colon + 1)
  return takeHash({ user: prepareUser(line.slice(0, colon)), server }, hash)
}

/** A hash that could not be verified once it is imported is not taken. */
function isAboutHash(error: unknown): error is HashError | MissingPackageError {
  return error instanceof HashError || error instanceof MissingPackageError
}
