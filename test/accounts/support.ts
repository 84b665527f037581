/** Stores in temporary directories, and processes that work on them. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AccountStore } from '../../src/accounts/store.ts'

/** A directory that goes away with the test. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'accounts-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** An empty store in a directory that goes away with the test. */
export async function temporaryStore(t: TestContext): Promise<AccountStore> {
  const store = new AccountStore(join(temporaryDirectory(t), 'store'))
  await store.initialise()
  return store
}

/** Starts a module of this directory in a process of its own, with arguments. */
export function start(module: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  // Node 20 runs the compiled copy, newer ones may run the source.
  const path = fileURLToPath(new URL(`./${module}${import.meta.url.slice(-3)}`, import.meta.url))
  return spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'], ...options })
}

/** What the process wrote, and how it ended. */
export async function finished(
  child: ChildProcess,
): Promise<{ output: string; code: number | null; signal: string | null }> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ output, code, signal }))
  })
}
