import { mkdirSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeName } from '../../src/accounts/names.ts'
import { AccountStore } from '../../src/accounts/store.ts'
import { hashPassword } from '../../src/passwords/registry.ts'
import { packageRoot } from '../e2e/support/package.ts'
import type { Command } from './programs.ts'

/** The server that all accounts of the benchmark are on. */
export const SERVER = 'example.org'

/** Somebody who logs in. */
export interface Person {
  user: string
  password: string
}

/** So many people, each with a password of their own. */
export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, number) => ({
    user: `user${number}`,
    password: `pa:ss ${number}`,
  }))
}

/**
 * Makes an account store, laid out as the store itself does it. What the store does so that nothing is lost when the power fails
 * is left out: for a million accounts it takes hours.
 */
export async function makeStore(directory: string, accounts: Iterable<[string, string]>): Promise<void> {
  const store = new AccountStore(directory)
  await store.initialise()
  // The store makes what is common to all accounts, and finds what is made here.
  await store.create('first', SERVER, 'no hash')
  const server = join(directory, encodeName(SERVER))
  let last = 'first'
  let count = 0
  for (const [user, hash] of accounts) {
    const account = `${server}/${encodeName(user)}`
    mkdirSync(account, 0o700)
    writeFileSync(`${account}/password`, `${hash}\n`, { mode: 0o600 })
    last = user
    if (++count % 1000 === 0) await turn() // signals are heard
  }
  await store.remove('first', SERVER)
  if (!store.has(last, SERVER)) throw new Error(`the store does not find ${last}, which was made beside it`)
}

/** Removes such a store: its accounts in the order in which they were made, as a disk is three times as quick then. */
export async function removeStore(directory: string, users: Iterable<string>): Promise<void> {
  const server = join(directory, encodeName(SERVER))
  let count = 0
  for (const user of users) {
    const account = `${server}/${encodeName(user)}`
    unlinkSync(`${account}/password`)
    rmdirSync(account)
    if (++count % 1000 === 0) await turn() // signals are heard
  }
  rmSync(directory, { recursive: true })
}

/** The hashes that the program would store for these people, in their order. */
export async function hashesOf(persons: readonly Person[]): Promise<[string, string][]> {
  const hashes: [string, string][] = []
  const waiting = persons.values()
  const hash = async () => {
    for (const { user, password } of waiting) hashes.push([user, await hashPassword(password)])
  }
  await Promise.all(Array.from({ length: availableParallelism() }, hash))
  return hashes
}

/** Our program with this account store. */
export function withAccounts(directory: string): Command {
  return [process.execPath, join(packageRoot(), 'dist', 'cli.js'), '--accounts', directory]
}
