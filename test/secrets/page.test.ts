/** What SECURITY.md says agrees with the README, and what it names is there. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { EXAMPLE_PLACES } from '../e2e/support/configuration.ts'
import { blocks, read } from '../helpers/documents.ts'

const PAGE = read('SECURITY.md')
const [DROP_IN = ''] = blocks(PAGE, 'ini')

test('every test that SECURITY.md names is there', () => {
  const names = [...PAGE.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, name = '']) => name)
  assert.ok(names.length > 10)
  // The package holds the page but not the tests: they are looked for where these come from.
  const here = join(import.meta.dirname, '..', '..')
  const compiled = (name: string) => join(here, name.replace(/\.ts$/, '.js'))
  assert.deepEqual(
    names.filter((name) => !existsSync(compiled(name))),
    [],
  )
})

test('what ejabberd and the program write where the README says can be written', () => {
  const writable = /^ReadWritePaths=(.*)$/m.exec(DROP_IN)?.[1]?.split(' ') ?? []
  const places = [
    ...`${read('README.md')}\n${read('ejabberd.yml.example')}`.matchAll(/\/var\/(?:lib|log)\/ejabberd\/\w+/g),
  ]
  assert.ok(places.length > 5)
  for (const [place = ''] of [...places, [EXAMPLE_PLACES.accounts], [EXAMPLE_PLACES.programLog]])
    assert.ok(writable.includes(dirname(place)), place)
})

test('the lines are each said once, but for those of a list', () => {
  const names = DROP_IN.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? [])
  assert.ok(names.length > 25)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  assert.deepEqual(new Set(twice), new Set(['SystemCallFilter']))
})
