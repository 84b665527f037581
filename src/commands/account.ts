/**
 * Looking after the accounts in an account store.
 *
 * @module
 */

import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { importAccounts } from '../accounts/import.ts'
import { formatLine } from '../accounts/lines.ts'
import type { Account } from '../accounts/listing.ts'
import { prepareServer, prepareUser } from '../accounts/prepare.ts'
import { AccountStore, DEFAULT_DIRECTORY } from '../accounts/store.ts'
import { UsageError } from '../errors.ts'
import { hashPassword } from '../passwords/registry.ts'
import { becomeOwner } from './become-owner.ts'
import { openSource, type Source } from './import-source.ts'
import { interruptibly } from './interruption.ts'
import type { Io } from './io.ts'
import { mistake, notEmpty } from './options.ts'
import { readPassword } from './password.ts'

/**
 * Runs `account add|passwd|remove|list|count|import|export`.
 *
 * @returns The exit status: 0 done, 1 refused (there already, no such account, some lines not taken).
 * @throws {UsageError} If the arguments, or the password, cannot be understood.
 * @throws {StoreError} If the store cannot be used.
 */
export async function account(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args)
  const [name, ...words] = positionals
  const command = COMMANDS.get(name ?? '')
  if (name === undefined || command === undefined) {
    const names = [...COMMANDS.keys()].join(', ')
    throw new UsageError(`Expected account followed by one of ${names}, got ${name ?? 'nothing'}`)
  }
  for (const option of ['json', 'replace', 'server'] as const) {
    if (values[option] !== undefined && !command.options.includes(option)) {
      throw new UsageError(`Expected account ${name} without --${option}, which means nothing here`)
    }
  }
  const store = new AccountStore(resolve(notEmpty('accounts', values.accounts) ?? DEFAULT_DIRECTORY))
  // The administrator may import a file that only root can read.
  const source = await openSource(name === 'import' ? words : ['-'], io)
  becomeOwner(store.directory)
  return command.run({ name, words, store, io, source, ...values })
}

interface Call {
  readonly name: string
  readonly words: readonly string[]
  readonly store: AccountStore
  readonly io: Io
  /** What is imported. */
  readonly source: Source
  readonly json?: boolean | undefined
  readonly replace?: boolean | undefined
  readonly server?: string | undefined
}

interface Command {
  readonly options: ReadonlyArray<'json' | 'replace' | 'server'>
  readonly run: (call: Call) => Promise<number>
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['add', { options: [], run: add }],
  ['passwd', { options: [], run: passwd }],
  ['remove', { options: [], run: remove }],
  ['list', { options: ['json'], run: list }],
  ['count', { options: ['json'], run: count }],
  ['import', { options: ['json', 'replace', 'server'], run: importFile }],
  ['export', { options: ['json'], run: exportAll }],
])

const FLAGS = {
  accounts: { type: 'string' },
  json: { type: 'boolean' },
  replace: { type: 'boolean' },
  server: { type: 'string' },
} as const

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: FLAGS })
  } catch (cause) {
    throw mistake(cause, Object.keys(FLAGS))
  }
}

async function add(call: Call): Promise<number> {
  const { store, io } = call
  const { user, server } = readAccount(call)
  await makeStore(call)
  const refusal = `${user}@${server} is there already; to give it another password: account passwd`
  if (store.has(user, server)) return refuse(io, refusal)
  const password = await readPassword(io, { prompt: `Password for ${user}@${server}: `, twice: true })
  const created = (await store.create(user, server, await hashPassword(password))) === true
  return created ? say(io, `Added ${user}@${server}`) : refuse(io, refusal)
}

/** Whoever brings the first accounts makes the store. */
async function makeStore({ store, io }: Call): Promise<void> {
  if ((await store.initialise()) !== true) return
  const { directory } = store
  const owner = process.geteuid?.() === 0 ? `; it belongs to root: chown -R ejabberd: ${directory}` : ''
  io.stderr.write(`Made the account store ${directory}${owner}\n`)
}

async function passwd(call: Call): Promise<number> {
  const { store, io } = call
  const { user, server } = readAccount(call)
  store.check()
  if (!store.has(user, server)) return refuse(io, `There is no account ${user}@${server}`)
  const password = await readPassword(io, { prompt: `New password for ${user}@${server}: `, twice: true })
  const changed = (await store.change(user, server, await hashPassword(password))) === true
  if (!changed) return refuse(io, `There is no account ${user}@${server} any more`)
  return say(io, `Changed the password of ${user}@${server}`)
}

async function remove(call: Call): Promise<number> {
  const { store, io } = call
  const { user, server } = readAccount(call)
  const removed = (await store.remove(user, server)) === true
  return removed ? say(io, `Removed ${user}@${server}`) : refuse(io, `There is no account ${user}@${server}`)
}

async function list(call: Call): Promise<number> {
  const { store, io, json } = call
  const toLine = ({ user, server }: Account) =>
    json === true ? `${JSON.stringify({ user, server })}\n` : `${user}@${server}\n`
  const server = readServer(call)
  const listed = await writeAll(io.stdout, store.list(server), toLine)
  if (listed === 0) io.stderr.write(`There is no account${server === undefined ? '' : ` of ${server}`}\n`)
  return 0
}

async function count(call: Call): Promise<number> {
  const count = call.store.count(readServer(call))
  return say(
    call.io,
    call.json === true ? JSON.stringify({ count }) : `${count} account${count === 1 ? '' : 's'}`,
  )
}

async function exportAll(call: Call): Promise<number> {
  const { store, io, json } = call
  await writeAll(io.stdout, store.list(readServer(call)), ({ user, server }) => {
    const hash = store.read(user, server)
    // Removed since it was listed.
    if (hash === undefined) return ''
    return json === true ? `${JSON.stringify({ user, server, hash })}\n` : formatLine({ user, server }, hash)
  })
  return 0
}

async function importFile(call: Call): Promise<number> {
  const { source, store, io, json, replace, server: name } = call
  await makeStore(call)
  let reports = 0
  const report = (place: string, reason: string) => {
    reports++
    io.stderr.write(`${place}: ${reason}\n`)
  }
  const server = name === undefined ? undefined : prepareServer(name)
  const summary = await interruptibly((signal) =>
    importAccounts(store, source(server, signal), { replace, report, signal }),
  )
  const { imported, alreadyThere, notTaken } = summary
  say(
    io,
    json === true
      ? JSON.stringify(summary)
      : `imported ${imported}, already there ${alreadyThere}, not taken ${notTaken}`,
  )
  return reports > 0 ? 1 : 0
}

/** USER SERVER or USER@SERVER. */
function readAccount({ name, words }: Call): Account {
  const [first = '', second, ...rest] = words
  const at = first.indexOf('@')
  if (rest.length > 0 || words.length === 0 || (second === undefined && at < 0)) {
    throw new UsageError(
      `Expected account ${name} USER SERVER or USER@SERVER, got ${words.length} words` +
        (rest.length > 0 ? '; a password is asked for, and never taken from the command line' : ''),
    )
  }
  if (second !== undefined) return { user: prepareUser(first), server: prepareServer(second) }
  return { user: prepareUser(first.slice(0, at)), server: prepareServer(first.slice(at + 1)) }
}

function readServer({ name, words }: Call): string | undefined {
  const [server, ...rest] = words
  if (rest.length > 0) throw new UsageError(`Expected account ${name} [SERVER], got ${words.length} words`)
  return server === undefined ? undefined : prepareServer(server)
}

function say(io: Io, text: string): 0 {
  io.stdout.write(`${text}\n`)
  return 0
}

function refuse(io: Io, text: string): 1 {
  io.stderr.write(`${text}\n`)
  return 1
}

/** Writes a line for each account, not faster than they are read, and counts them. */
async function writeAll(
  output: Writable,
  accounts: Iterable<Account>,
  toLine: (account: Account) => string,
): Promise<number> {
  let count = 0
  for (const each of accounts) {
    count++
    if (!output.write(toLine(each))) await once(output, 'drain')
  }
  return count
}
