/**
 * The accounts in the data directory of Prosody (`/var/lib/prosody`), which keeps one file for each:
 *
 *     example%2eorg/accounts/alice.dat
 *
 *     return {
 *     	["stored_key"] = "82d2...";  ["server_key"] = "5a1f...";
 *     	["salt"] = "0b1c2f7e-...";   ["iteration_count"] = 10000;
 *     };
 *
 * The keys are those of SCRAM, in hexadecimal, and their length says of which digest; the salt is used as the text that
 * it is. With the authentication `internal_plain` there is a `["password"]` instead.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatScram } from '../passwords/scram.ts'
import { type Entry, guarded, takeHash, takePassword } from './lines.ts'
import type { Account } from './listing.ts'
import { type LuaTable, parseLuaTable } from './lua-data.ts'
import { prepareServer, prepareUser } from './prepare.ts'

/** One file of an account. */
export interface ProsodyFile {
  /** The path below the data directory. */
  readonly path: string
  /** What the path says; `undefined` if it is none that Prosody makes. */
  readonly user: string | undefined
  readonly server: string | undefined
  readonly text: string
}

/** Reads all files of accounts below a data directory; none if it is no such directory. */
export function readProsodyFiles(directory: string): ProsodyFile[] {
  const root = Buffer.from(directory).toString('latin1')
  return namesIn(root)
    .filter((host) => existsSync(bytes(join(root, host, 'accounts'))))
    .flatMap((host) => readHost(root, host))
}

/** What the file says: an account, or a sentence that says what is wrong and quotes nothing of its content. */
export async function parseProsodyFile({ user, server, text }: ProsodyFile): Promise<Entry | string> {
  if (user === undefined || server === undefined)
    return 'Expected the path to be names in UTF-8 with %xx, got another'
  return guarded(() => take({ user: prepareUser(user), server: prepareServer(server) }, parseLuaTable(text)))
}

function readHost(root: string, host: string): ProsodyFile[] {
  return namesIn(join(root, host, 'accounts'))
    .filter((name) => name.endsWith('.dat'))
    .map((name) => {
      const path = join(host, 'accounts', name)
      const text = readFileSync(bytes(join(root, path)), 'utf8')
      return {
        path: String(bytes(path)),
        user: decode(name.slice(0, -'.dat'.length)),
        server: decode(host),
        text,
      }
    })
}

/** The names in a directory. Like all paths here they have a character for each byte: what others put there need not be text. */
function namesIn(path: string): string[] {
  return readdirSync(bytes(path), 'latin1').sort()
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(UTF8.decode(bytes(name)))
  } catch {
    return undefined
  }
}

async function take(account: Account, table: LuaTable | undefined): Promise<Entry | string> {
  if (table === undefined) return 'Expected a table of Lua, got something else'
  if (table.get('disabled') === true) return 'Expected an account that may log in, got one that is disabled'
  const password = table.get('password')
  // Prosody prefers it as well, and makes keys of it at the next login.
  if (typeof password === 'string' && password !== '') return takePassword(account, password)
  const keys = readKeys(table)
  return keys === undefined ? 'Expected a password or SCRAM keys, got neither' : takeHash(account, keys)
}

const DIGESTS: Readonly<Record<number, string>> = { 40: 'SHA-1', 64: 'SHA-256', 128: 'SHA-512' }

function readKeys(table: LuaTable): string | undefined {
  const [storedKey, serverKey, salt] = ['stored_key', 'server_key', 'salt'].map((name) => table.get(name))
  if (typeof storedKey !== 'string' || typeof serverKey !== 'string' || typeof salt !== 'string')
    return undefined
  const digest = DIGESTS[storedKey.length]
  if (digest === undefined) return undefined
  return formatScram({
    digest,
    iterations: String(table.get('iteration_count')),
    salt: Buffer.from(salt).toString('base64'),
    storedKey: Buffer.from(storedKey, 'hex').toString('base64'),
    serverKey: Buffer.from(serverKey, 'hex').toString('base64'),
  })
}
