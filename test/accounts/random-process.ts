/**
 * Does random operations on a few accounts, as fast as it can, and tells what it did.
 *
 * Arguments: directory, name, number of operations. Says `ready`, begins when its
 * input ends, and writes one line of JSON for each.
 */

import { AccountStore } from '../../src/accounts/store.ts'
import type { Operation } from './history.ts'

const [directory = '', name = '', count = '0'] = process.argv.slice(2)
const store = new AccountStore(directory)
const history: Operation[] = []

process.stdout.write('ready\n')
process.stdin.resume()
process.stdin.on('end', async () => {
  for (let i = 0; i < Number(count); i++) history.push(await act(`${name}${i}`))
  process.stdout.write(history.map((operation) => `${JSON.stringify(operation)}\n`).join(''))
})

async function act(hash: string): Promise<Operation> {
  const user = pick(['alice', 'bob'])
  const kind = pick(['create', 'change', 'change', 'remove', 'read'] as const)
  // The monotonic clock is the same for all processes.
  const begin = Number(process.hrtime.bigint())
  const result =
    kind === 'read'
      ? (store.read(user, 'example.org') ?? null)
      : kind === 'remove'
        ? await store.remove(user, 'example.org')
        : await store[kind](user, 'example.org', hash)
  return { user, kind, hash, result, begin, end: Number(process.hrtime.bigint()) }
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item
}
