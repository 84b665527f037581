import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import type { AccountStore } from '../../src/accounts/store.ts'
import { temporaryStore } from './support.ts'

const SERVER = 'example.org'

/** Lets the n-th call of a method of every file fail, and tells whether it came to that. */
async function failAt(t: TestContext, method: 'sync' | 'writeFile', code: string, errno: number, n: number) {
  const handle = await open('.')
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  const original = prototype[method] as (this: FileHandle, ...args: unknown[]) => Promise<void>
  let calls = 0
  const mock = t.mock.method(prototype, method, function (this: FileHandle, ...args: unknown[]) {
    if (calls++ !== n) return original.apply(this, args)
    return Promise.reject(Object.assign(new Error(`${code}: failed`), { code, errno, syscall: method }))
  })
  return () => {
    mock.mock.restore()
    return calls > n
  }
}

const survives = (
  operation: string,
  method: 'sync' | 'writeFile',
  [code, errno, text]: readonly [string, number, string],
  act: (store: AccountStore) => Promise<boolean>,
) =>
  test(`${operation} is a StoreError when any ${method} says ${code}, leaves nothing, and can be repeated`, async (t) => {
    let n = 0
    for (let failed = true; failed; n++) {
      const store = await temporaryStore(t)
      await store.create('alice', 'other.example', 'old')
      await store.create('bob', 'other.example', 'old')
      const restore = await failAt(t, method, code, errno, n)
      const result = await act(store).catch((error) => error)
      failed = restore()
      if (failed) {
        assert.equal(result.code, 'ERR_STORE')
        assert.equal(result.cause.code, code)
        assert.ok(result.message.includes(`${code} (${text})`) && result.message.includes(store.directory))
        assert.equal(await act(store), true, 'it can be repeated')
      } else {
        assert.equal(result, true)
      }
      const files = readdirSync(store.directory, { recursive: true }).map(String)
      assert.deepEqual(
        files.filter((file) => file.includes('.unfinished-')),
        [],
      )
    }
    assert.ok(n > 1, `there was a ${method} to fail`)
  })

const FULL = ['ENOSPC', -28, 'no space left on device'] as const
const BROKEN = ['EIO', -5, 'i/o error'] as const

for (const [method, fault] of [
  ['writeFile', FULL],
  ['sync', BROKEN],
] as const) {
  survives('a creation', method, fault, async (store) => {
    await store.create('alice', SERVER, 'new')
    return store.has('alice', SERVER)
  })
  survives('a change', method, fault, (store) => store.change('alice', 'other.example', 'new'))
}
survives('a removal', 'sync', BROKEN, async (store) => {
  await store.remove('alice', 'other.example')
  return !store.has('alice', 'other.example')
})
