/** The search of these tests finds what is there, and nothing else. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { packageRoot } from '../e2e/support/package.ts'
import { Marks, SPELLINGS } from './marks.ts'

/** One for each kind of characters in it. */
const NAMES = ['one', 'two', 'three', 'four', 'five', 'six'] as const

const marks = new Marks()
const secrets = NAMES.map((name) => [name, marks.mint(name)] as const)
const word = marks.mintWord('word')

const found = (name: string, text: string | Uint8Array) =>
  assert.deepEqual(
    marks.findIn('here', text).map(({ secret }) => secret),
    [name],
    String(text),
  )

for (const [spelling, spell] of Object.entries(SPELLINGS)) {
  test(`a secret is found, and a part of it: ${spelling}`, () => {
    for (const [name, secret] of [...secrets, ['word', word]] as const) {
      for (const spelt of spell(secret)) found(name, `before ${spelt} after`)
      for (const spelt of spell([...secret].slice(4, 18).join(''))) found(name, `before ${spelt} after`)
    }
  })
}

describe('a secret is found', () => {
  const finds = (title: string, write: (secret: string) => string | Uint8Array) =>
    test(title, () => {
      for (const [name, secret] of secrets) found(name, write(secret))
    })
  finds('as it is', (secret) => secret)
  finds('when five characters of it are there', (secret) => `pa ${[...secret].slice(9, 14).join('')}...`)
  finds('as SASL PLAIN has it', (secret) => Buffer.from(`\0alice\0${secret}`).toString('base64'))
  finds('as HTTP Basic has it', (secret) => `Basic ${Buffer.from(`alice:${secret}`).toString('base64')}`)
  finds('as bytes among bytes', (secret) =>
    Buffer.concat([Buffer.of(0, 255, 0), Buffer.from(secret), Buffer.of(254)]),
  )
  finds('as UTF-16', (secret) => Buffer.from(`x${secret}`, 'utf16le'))
  finds('as a digest that anybody can try passwords against', (secret) =>
    createHash('sha1').update(secret).digest('base64'),
  )
})

test('four characters of it are no find: others have them by accident', () => {
  for (const [, secret] of secrets)
    assert.deepEqual(marks.findIn('here', [...secret].slice(3, 7).join('')), [])
})

test('nothing is found in a hundred files that hold no secret', () => {
  const folder = join(packageRoot(), 'dist')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(js|ts|map)$/.test(name),
  )
  assert.ok(names.length > 100, `${names.length} files`)
  for (const name of names) assert.deepEqual(marks.findIn(name, readFileSync(join(folder, name))), [])
})
