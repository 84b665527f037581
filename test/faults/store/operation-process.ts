/**
 * Does one operation on an account store when it is told to.
 *
 * Arguments: directory, and what to do: create, change or remove, a user, a hash. Says by which thread it reads and
 * writes files (with UV_THREADPOOL_SIZE=1 there is one besides the main thread), begins when it hears something,
 * and says what came of it.
 */
import { writeSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { AccountStore } from '../../../src/accounts/store.ts'

const [directory = '', operation = '', user = '', hash = ''] = process.argv.slice(2)
const SERVER = 'example.org'
const store = new AccountStore(directory)

process.stdin.once('data', async () => {
  writeSync(1, `done ${await perform()}\n`)
  process.exit()
})
writeSync(1, `thread ${(await readlink('/proc/thread-self')).split('/').at(-1)}\n`)

function perform(): Promise<boolean> {
  if (operation === 'create') return store.create(user, SERVER, hash)
  if (operation === 'change') return store.change(user, SERVER, hash)
  return store.remove(user, SERVER)
}
