import assert from 'node:assert/strict'
import { join, normalize } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeName, encodeName, isDigest } from '../../src/accounts/names.ts'

const encodes = (name: string, expected: string) =>
  test(`the name ${JSON.stringify(name)} becomes ${expected}`, () => {
    assert.equal(encodeName(name), expected)
    assert.equal(decodeName(expected), name)
  })

encodes('alice', 'alice')
encodes('a.b_c-9', 'a.b_c-9')
encodes('Alice', '%41lice')
encodes('.', '%2E')
encodes('..', '%2E.')
encodes('.hidden', '%2Ehidden')
encodes('', '%')
encodes('%', '%25')
encodes('%41', '%2541')
encodes('a/b', 'a%2Fb')
encodes('a\0b', 'a%00b')
encodes('~', '%7E')
encodes('jürgen', 'j%C3%BCrgen')
encodes('[::1]', '%5B%3A%3A1%5D')
encodes('😀', '%F0%9F%98%80')

const isNoName = (encoded: string) =>
  test(`${encoded} is nothing of ours`, () => assert.equal(decodeName(encoded), undefined))

isNoName('.tmp')
isNoName('lost+found')
isNoName('Alice')
isNoName('%61')
isNoName('%c3%bc')
isNoName('%FF')
isNoName('a%')
isNoName('')

const length = (bytes: number, digest: boolean) =>
  test(`a name of ${bytes} bytes becomes ${digest ? 'a digest' : 'itself'}`, () => {
    const encoded = encodeName('a'.repeat(bytes))
    assert.equal(isDigest(encoded), digest)
    assert.equal(encoded.length, digest ? 65 : bytes)
    assert.equal(decodeName(encoded), digest ? undefined : 'a'.repeat(bytes))
  })

length(1, false)
length(255, false)
length(256, true)
length(1023, true)

const anyName = fc.string({ unit: 'binary', maxLength: 300 })

test('every name comes back, or is a digest', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const encoded = encodeName(name)
      assert.ok(isDigest(encoded) || decodeName(encoded) === name)
    }),
  )
})
test('no name leaves its directory, is hidden, or is too long for it', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const encoded = encodeName(name)
      assert.match(encoded, /^[a-z0-9_%~-][a-z0-9A-F_.%-]*$/)
      assert.equal(normalize(join('/store', encoded)), `/store/${encoded}`)
      assert.ok(encoded.length <= 255)
    }),
  )
})
test('two names never become one, not even where case does not count', () => {
  fc.assert(
    fc.property(anyName, anyName, (one, other) => {
      fc.pre(one !== other)
      assert.notEqual(encodeName(one).toLowerCase(), encodeName(other).toLowerCase())
    }),
  )
})
