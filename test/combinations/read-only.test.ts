import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOnly } from '../../src/combinations/read-only.ts'
import type { Handlers } from '../../src/handlers.ts'
import { kind, OPERATIONS, request } from './support.ts'

const everything: Handlers = {
  ...Object.fromEntries(OPERATIONS.map((operation) => [operation, () => true])),
  close: () => {},
}

for (const operation of OPERATIONS) {
  const expected = ['auth', 'isuser', 'certauth'].includes(operation) ? 'allowed' : 'refused'
  test(`readOnly: ${operation} is ${expected}`, async () => {
    assert.equal(await kind(readOnly(everything), request(operation)), expected)
  })
}

test('readOnly keeps what looks, and close', () => {
  assert.deepEqual(Object.keys(readOnly(everything)).sort(), ['auth', 'certauth', 'close', 'isuser'])
  assert.deepEqual(Object.keys(readOnly({ isuser: () => true, setpass: () => true })), ['isuser'])
})

test('readOnly of what only writes is a TypeError at the start', () => {
  assert.throws(() => readOnly({ setpass: () => true }), TypeError)
  assert.throws(() => readOnly(undefined as never), TypeError)
})
