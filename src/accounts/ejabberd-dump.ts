/**
 * The accounts in a dump of ejabberd's own database, as `ejabberdctl dump_table FILE passwd` and `ejabberdctl dump
 * FILE` write it:
 *
 *     {tables,[{passwd,[{record_name,passwd},{attributes,[us,password]}]}]}.
 *     {passwd,{<<"alice">>,<<"example.org">>},
 *             {scram,<<"stored key">>,<<"server key">>,<<"salt">>,sha,4096}}.
 *
 * A password that is no SCRAM record is one as it is. Before 21.x the records do not name the digest, which is SHA-1;
 * since 25.x an account has a record for each digest, and the key says which.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { formatScram } from '../passwords/scram.ts'
import { parseTerm, type Term } from './erlang-term.ts'
import { type Entry, guarded, takeHash, takePassword } from './lines.ts'
import type { Account } from './listing.ts'
import { prepareServer, prepareUser } from './prepare.ts'

/** Is this the first line of a dump? No line of an import begins like this. */
export function isDump(line: string): boolean {
  return /^\{tables,\[/.test(line)
}

/**
 * Makes what reads the lines of a dump, one after the other. Says what a line that ends a record of an account says,
 * and `undefined` for all others.
 *
 * @param server Only the accounts of this server are wanted.
 */
export function createDumpReader(
  server?: string,
): (line: string | undefined) => Promise<Entry | string | undefined> {
  let term: string[] | undefined
  const seen = new Set<string>()

  return async (line) => {
    if (line?.startsWith('{passwd,')) term = []
    if (term === undefined) return undefined
    if (line === undefined) return giveUp()
    term.push(line)
    // Printed terms have no line break inside quotation marks: this is the end of one.
    if (!line.endsWith('}.')) return undefined
    const text = term.join('\n').slice(0, -1)
    term = undefined
    return guarded(() => take(parseTerm(text)))
  }

  function giveUp(): string {
    term = undefined
    return MALFORMED
  }

  async function take(record: Term | undefined): Promise<Entry | string | undefined> {
    const [, key, secret] = isTuple(record) ? record : []
    const [user, host] = isTuple(key) ? key : []
    if (!Buffer.isBuffer(user) || !Buffer.isBuffer(host)) return MALFORMED
    const account = { user: prepareUser(user.toString()), server: prepareServer(host.toString()) }
    if (server !== undefined && server !== account.server) return undefined
    const name = `${account.user}@${account.server}`
    // Another digest of the same password.
    if (seen.has(name)) return undefined
    const entry = await takeSecret(account, secret)
    if (typeof entry !== 'string') seen.add(name)
    return entry
  }
}

const MALFORMED = 'Expected a record of an account of ejabberd, got one of another form'

async function takeSecret(account: Account, secret: Term | undefined): Promise<Entry | string> {
  if (Buffer.isBuffer(secret)) return isUtf8(secret) ? takePassword(account, secret.toString()) : MALFORMED
  const keys = readScram(secret)
  return keys === undefined ? MALFORMED : takeHash(account, keys)
}

const DIGESTS: Readonly<Record<string, string>> = { sha: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' }

function readScram(secret: Term | undefined): string | undefined {
  if (!isTuple(secret)) return undefined
  const [name, storedKey, serverKey, salt, ...rest] = secret
  const [hash, iterations] = rest.length === 1 ? [{ atom: 'sha' }, rest[0]] : rest
  const digest = DIGESTS[atomOf(hash)]
  if (atomOf(name) !== 'scram' || digest === undefined || typeof iterations !== 'number') return undefined
  if (!Buffer.isBuffer(storedKey) || !Buffer.isBuffer(serverKey) || !Buffer.isBuffer(salt)) return undefined
  return formatScram({
    digest,
    iterations: `${iterations}`,
    salt: salt.toString(),
    storedKey: storedKey.toString(),
    serverKey: serverKey.toString(),
  })
}

function isTuple(term: Term | undefined): term is readonly Term[] {
  return Array.isArray(term)
}

function atomOf(term: Term | undefined): string {
  return typeof term === 'object' && 'atom' in term ? term.atom : ''
}
