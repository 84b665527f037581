import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ExtauthError } from '../../src/errors.ts'
import type { PasswordFormats } from '../../src/passwords/formats.ts'
import { checkHash, looksLikeHash, verifyPassword } from '../../src/passwords/registry.ts'
import { ALL_WEAK } from './support.ts'
import { FAMILIES } from './vectors-families.ts'

const VECTORS = Object.values(FAMILIES).flat()

/** What was never anybody's password. In ASCII, or $2x$ would have no answer. */
const NOBODYS = 'troub4dor&3'

const beginning = fc.constantFrom(
  ...new Set(VECTORS.map(({ hash }) => /^[a-z0-9_U]*[$|:]{0,2}[a-z0-9]*\$?/i.exec(hash)?.[0] ?? '')),
  '$',
  '{SSHA}',
  '{CRYPT}',
  '',
)
const anything = fc
  .tuple(beginning, fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String()))
  .map((parts) => parts.join(''))

/** A hash with a piece cut out, put in, or changed. */
const mutated = fc
  .tuple(fc.constantFrom(...VECTORS), fc.nat(), fc.nat(9), fc.string({ maxLength: 9 }))
  .map(([{ hash }, position, length, text]) => {
    const at = position % (hash.length + 1)
    return hash.slice(0, at) + text + hash.slice(at + length)
  })

function isTold(error: unknown): true {
  assert.ok(error instanceof ExtauthError)
  assert.ok(error.code === 'ERR_HASH' || error.code === 'ERR_MISSING_PACKAGE')
  return true
}

const refused = (error: unknown) => isTold(error) && 'refused'

for (const formats of [{}, { weak: ALL_WEAK.slice(1) }, { weak: ALL_WEAK }] as PasswordFormats[]) {
  const allowed = formats.weak?.length ?? 0
  test(`any text as a hash is refused with an error of its own or is of nobody (${allowed} weak formats)`, async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (hash) => {
        looksLikeHash(hash)
        const checked = await checkHash(hash, formats).catch(refused)
        const verified = await verifyPassword(hash, NOBODYS, undefined, formats).catch(refused)
        assert.equal(verified, checked ?? hash === NOBODYS)
      }),
      { numRuns: 300 },
    )
  })
}

test('a hash that was damaged is refused by check and by verify alike, without a word of it', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (hash) => {
      const refusal = await checkHash(hash, { weak: ALL_WEAK.slice(1) }).catch((error: Error) => error)
      if (refusal === undefined) return
      isTold(refusal)
      const [, ...parts] = hash.split(/[$|:]/)
      for (const part of parts) assert.ok(part.length < 16 || !refusal.message.includes(part))
      await assert.rejects(verifyPassword(hash, NOBODYS, undefined, { weak: ALL_WEAK.slice(1) }), isTold)
    }),
    { numRuns: 500 },
  )
})
