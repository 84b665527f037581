import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemory } from '../../src/passwords/remember.ts'

test('an empty memory knows nothing', () => assert.equal(createMemory().has('hash', 'password'), false))

test('a pair that was added is known, at once', () => {
  const memory = createMemory()
  memory.add('hash', 'password')
  assert.equal(memory.has('hash', 'password'), true)
})

const unknown = (title: string, hash: string, password: string) =>
  test(`${title} is not known`, () => {
    const memory = createMemory()
    memory.add('hash', 'password')
    assert.equal(memory.has(hash, password), false)
  })

unknown('another password', 'hash', 'Password')
unknown('another hash', 'hash2', 'password')
unknown('the pair the other way round', 'password', 'hash')
unknown('the same text cut elsewhere', 'hashp', 'assword')
unknown('an empty password', 'hash', '')

test('the last password that was right for a hash replaces the one before', () => {
  const memory = createMemory()
  memory.add('hash', 'caf\u00e9')
  memory.add('hash', 'cafe\u0301')
  assert.deepEqual([memory.has('hash', 'caf\u00e9'), memory.has('hash', 'cafe\u0301')], [false, true])
})

const survivors = (limit: number, count: number, expected: readonly number[]) =>
  test(`of ${count} pairs, a memory for ${limit} keeps ${expected.length}`, () => {
    const memory = createMemory(limit)
    for (let i = 0; i < count; i++) memory.add(`hash${i}`, 'x')
    const known = Array.from({ length: count }, (_, i) => i).filter((i) => memory.has(`hash${i}`, 'x'))
    assert.deepEqual(known, expected)
  })

survivors(0, 1, [])
survivors(1, 1, [0])
survivors(1, 2, [1])
survivors(3, 3, [0, 1, 2])
survivors(3, 4, [1, 2, 3])

test('the pair that was used least recently goes first', () => {
  const memory = createMemory(2)
  memory.add('a', 'x')
  memory.add('b', 'x')
  memory.has('a', 'x')
  memory.add('c', 'x')
  assert.deepEqual([memory.has('a', 'x'), memory.has('b', 'x'), memory.has('c', 'x')], [true, false, true])
})

test('looking with a wrong password does not keep a pair from being dropped', () => {
  const memory = createMemory(2)
  memory.add('a', 'x')
  memory.add('b', 'x')
  memory.has('a', 'wrong')
  memory.add('c', 'x')
  assert.equal(memory.has('a', 'x'), false)
})
