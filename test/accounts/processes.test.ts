import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isPossible, type Operation } from './history.ts'
import { finished, start, temporaryStore } from './support.ts'

const PROCESSES = 4
const OPERATIONS = 150

test('what many processes do to the same accounts at once can have happened one after the other', async (t) => {
  const store = await temporaryStore(t)
  const children = Array.from({ length: PROCESSES }, (_, i) =>
    start('random-process', [store.directory, 'pqrs'.charAt(i), String(OPERATIONS)]),
  )
  const endings = Promise.all(children.map(finished))
  // All at once, and not one after the other as they start.
  await Promise.all(children.map(({ stdout }) => stdout && once(stdout, 'data')))
  for (const child of children) child.stdin?.end()
  const history: Operation[] = (await endings).flatMap(({ output, code }) => {
    assert.equal(code, 0)
    return output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
  })
  assert.equal(history.length, PROCESSES * OPERATIONS)
  for (const user of ['alice', 'bob']) {
    const operations = history.filter((operation) => operation.user === user)
    const last = store.read(user, 'example.org') ?? null
    assert.ok(isPossible(operations, last), `the history of ${user} cannot have happened`)
  }
  assert.deepEqual(readdirSync(join(store.directory, 'example.org/.tmp')), [])
})

const at = (
  begin: number,
  end: number,
  kind: Operation['kind'],
  hash: string,
  result: Operation['result'],
) => ({
  user: 'alice',
  kind,
  hash,
  result,
  begin,
  end,
})

const judges = (title: string, expected: boolean, last: string | null, operations: readonly Operation[]) =>
  test(`this test ${expected ? 'believes' : 'does not believe'} in ${title}`, () => {
    assert.equal(isPossible(operations, last), expected)
  })

judges('a change that brings a removed account back', false, 'b', [
  at(0, 1, 'create', 'a', true),
  at(2, 9, 'change', 'b', true),
  at(3, 4, 'remove', '', true),
])
judges('a change that came before a removal at the same time', true, null, [
  at(0, 1, 'create', 'a', true),
  at(2, 9, 'change', 'b', true),
  at(3, 4, 'remove', '', true),
])
judges('two creations of one account', false, 'b', [
  at(0, 5, 'create', 'a', true),
  at(1, 6, 'create', 'b', true),
])
judges('a hash that was read before it was written', false, 'b', [
  at(0, 1, 'create', 'a', true),
  at(2, 3, 'read', '', 'b'),
  at(4, 5, 'change', 'b', true),
])
judges('a login with a password that had been changed before', false, 'b', [
  at(0, 1, 'create', 'a', true),
  at(2, 3, 'change', 'b', true),
  at(4, 5, 'login', 'a', true),
])
for (const last of ['a', 'b']) {
  judges(`a change that was killed and left ${last}`, true, last, [
    at(0, 1, 'create', 'a', true),
    at(2, 9, 'change', 'b', undefined),
  ])
}
judges('a killed change that is seen only after its process was gone', false, 'b', [
  at(0, 1, 'create', 'a', true),
  at(2, 3, 'change', 'b', undefined),
  at(4, 5, 'read', '', 'a'),
])
