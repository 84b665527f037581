import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import type { AccountStore } from '../../src/accounts/store.ts'
import { temporaryStore } from './support.ts'

const SERVER = 'example.org'

/** A signal that is aborted as soon as something is flushed: the disk was so slow that nobody waits any more. */
async function abortedByFlush(t: TestContext): Promise<AbortSignal> {
  const handle = await open('.')
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  const controller = new AbortController()
  const original = prototype.sync
  t.mock.method(prototype, 'sync', async function (this: FileHandle) {
    await original.apply(this)
    controller.abort()
  })
  return controller.signal
}

const takesNoEffect = (
  operation: string,
  act: (store: AccountStore, signal: AbortSignal) => Promise<boolean>,
) =>
  test(`${operation} that is aborted before it took effect takes none, and leaves nothing`, async (t) => {
    const store = await temporaryStore(t)
    await store.create('alice', SERVER, 'old')
    await assert.rejects(act(store, await abortedByFlush(t)), { name: 'AbortError' })
    assert.equal(store.read('alice', SERVER), 'old')
    assert.equal(store.has('bob', SERVER), false)
    const files = readdirSync(store.directory, { recursive: true }).map(String)
    assert.deepEqual(
      files.filter((file) => file.includes('.unfinished-')),
      [],
    )
  })

takesNoEffect('a creation', (store, signal) => store.create('bob', SERVER, 'new', signal))
takesNoEffect('a change', (store, signal) => store.change('alice', SERVER, 'new', signal))
