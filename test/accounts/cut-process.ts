/**
 * Does one write to a store and is killed before the n-th call to the file system.
 *
 * Arguments: directory, n, operation, user, hash. Writes how many calls it made, if it was not killed.
 */

import fs from 'node:fs'
import promises, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const [directory = '', cut = '', operation = '', user = '', hash = ''] = process.argv.slice(2)
const SERVER = 'example.org'
let calls = 0

type Callable = (...args: unknown[]) => unknown

function intercept(target: object, names: readonly string[]): void {
  const functions = target as Record<string, Callable>
  for (const name of names) {
    const original = functions[name] as Callable
    functions[name] = function (this: unknown, ...args) {
      if (calls++ === Number(cut)) process.kill(process.pid, 'SIGKILL')
      return original.apply(this, args)
    }
  }
}

const handle: FileHandle = await promises.open(directory)
intercept(Object.getPrototypeOf(handle), ['chmod', 'chown', 'writeFile', 'sync', 'close'])
intercept(promises, ['open', 'mkdir', 'rename', 'rm', 'readdir', 'stat', 'lstat', 'chmod'])
intercept(fs, ['readFileSync', 'statSync'])
syncBuiltinESMExports()

const { AccountStore } = await import('../../src/accounts/store.ts')
const store = new AccountStore(directory)
calls = 0
if (operation === 'initialise') await store.initialise()
if (operation === 'create') await store.create(user, SERVER, hash)
if (operation === 'change') await store.change(user, SERVER, hash)
if (operation === 'remove') await store.remove(user, SERVER)
process.stdout.write(String(calls))
