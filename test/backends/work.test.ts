import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { temporaryStore } from '../accounts/support.ts'

type Callable = (...args: unknown[]) => void

/** Every derivation of a key: the function and its parameters, without password and salt. */
const work: unknown[] = []
for (const name of ['scrypt', 'pbkdf2'] as const) {
  const functions = crypto as unknown as Record<string, Callable>
  const original = functions[name] as Callable
  functions[name] = (...args) => {
    work.push([name, ...args.slice(2, -1)])
    original(...args)
  }
}
syncBuiltinESMExports()
// Only now, as it takes hold of these functions when it is loaded.
const { accounts } = await import('../../src/backends/accounts.ts')

test('auth: an unknown user takes the work of a new hash, and then that of the hash verified last', async (t) => {
  const store = await temporaryStore(t)
  await store.create('cheap', 'example.org', `$pbkdf2-sha256$i=7$c2FsdA$${'A'.repeat(43)}`)
  const handlers = accounts({ directory: store.directory, patience: 0 }) as Required<
    ReturnType<typeof accounts>
  >
  const { signal } = new AbortController()
  const request = { server: 'example.org', password: 'wrong', signal }
  await handlers.tryregister({ ...request, operation: 'tryregister', user: 'new', password: 'right' })
  const workFor = async (user: string) => {
    work.length = 0
    assert.equal(await handlers.auth({ ...request, operation: 'auth', user }), false)
    return [...work]
  }

  const first = await workFor('nobody')
  assert.equal(first.length, 1)
  assert.deepEqual(first, await workFor('new'))
  assert.deepEqual(await workFor('cheap'), [['pbkdf2', 7, 32, 'sha256']])
  assert.deepEqual(await workFor('nobody'), [['pbkdf2', 7, 32, 'sha256']])
})
