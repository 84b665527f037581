import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sweep } from '../../src/accounts/leftovers.ts'
import { inject } from './injected.ts'
import { temporaryDirectory, temporaryStore } from './support.ts'

const SERVER = 'example.org'

function abandon(path: string): void {
  utimesSync(path, 0, 0)
}

function isUnfinished(path: unknown): boolean {
  return String(path).includes('.unfinished-')
}

test('what is being swept up cannot be put in place any more', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, '.unfinished-old')
  mkdirSync(path)
  writeFileSync(join(path, 'password'), 'x')
  abandon(path)
  let deleted = 0
  inject(t, 'rm', (original) => (...args) => {
    deleted++
    assert.throws(() => renameSync(path, join(directory, 'alice')), { code: 'ENOENT' })
    return original(...args)
  })
  await sweep(directory)
  assert.equal(deleted, 1)
  assert.deepEqual(readdirSync(directory), [])
})

test('what its writer has put in place meanwhile is not swept up', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, '.unfinished-old')
  mkdirSync(path)
  abandon(path)
  inject(t, 'rename', (original) => async (...args) => {
    renameSync(path, join(directory, 'alice'))
    return original(...args)
  })
  await sweep(directory)
  assert.deepEqual(readdirSync(directory), ['alice'])
})

/** Takes what a writer renames, before or after, for abandoned, and sweeps there. */
function sweepOnce(t: TestContext, when: 'before' | 'after'): () => boolean {
  let swept = false
  inject(t, 'rename', (original) => async (from, to) => {
    const unfinished = when === 'before' ? from : to
    const now = !swept && isUnfinished(unfinished)
    swept ||= now
    const sweepNow = async () => {
      abandon(String(unfinished))
      await sweep(dirname(String(unfinished)))
    }
    if (now && when === 'before') await sweepNow()
    await original(from, to)
    if (now && when === 'after') await sweepNow()
  })
  return () => swept
}

test('a creation that was suspended for so long that it is swept up begins anew', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', SERVER, 'one')
  const swept = sweepOnce(t, 'before')
  assert.equal(await store.create('bob', SERVER, 'one'), true)
  assert.equal(store.read('bob', SERVER), 'one')
  assert.ok(swept())
})

test('a change that was suspended for so long that it is swept up begins anew', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', SERVER, 'one')
  const swept = sweepOnce(t, 'before')
  assert.equal(await store.change('alice', SERVER, 'two'), true)
  assert.equal(store.read('alice', SERVER), 'two')
  assert.ok(swept())
})

test('a removal of an old account that somebody else sweeps up is a removal', async (t) => {
  const store = await temporaryStore(t)
  await store.create('alice', SERVER, 'one')
  const swept = sweepOnce(t, 'after')
  assert.equal(await store.remove('alice', SERVER), true)
  assert.equal(store.has('alice', SERVER), false)
  assert.ok(swept())
})
