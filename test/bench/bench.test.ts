import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, quantile } from './measure.ts'
import { difference, differenceByChance } from './noise.ts'
import { asMarkdown, asText, atLeast, atMost } from './report.ts'

/** Values around a centre, some of them far away as on a busy machine. */
function samples(centre: number): number[] {
  return Array.from(
    { length: 100 },
    (_, index) => centre * (1 + (index % 10) / 100 + (index % 25 === 0 ? 3 : 0)),
  )
}

test('the median and the parts of a distribution', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.equal(quantile(hundred, 0.99), 100)
  assert.equal(quantile(hundred, 0.25), 26)
})

test('a real difference is greater than one by chance, and no difference is not', () => {
  assert.equal(difference([1], [1.5]), 0.5)
  assert.equal(difference([3], [2]), 0.5)
  const [these, alike, slower] = [samples(100), samples(100.1), samples(110)]
  assert.ok(difference(these, slower) > differenceByChance(these, slower))
  assert.ok(difference(these, alike) < differenceByChance(these, alike))
})

test('a goal that was missed says so', () => {
  const goals = [
    atMost(1.6, 'a', 15, 10),
    atMost(1.6, 'b', 17, 10),
    atLeast(300, 'c', 300, 1),
    atLeast(300, 'd', 299, 1),
  ]
  assert.deepEqual(asMarkdown({ values: {}, goals }).split('\n').slice(2), [
    '| ratio: a | 1.50 | at most 1.6 |',
    '| ratio: b | 1.70 | at most 1.6, missed |',
    '| ratio: c | 300.0 | at least 300 |',
    '| ratio: d | 299.0 | at least 300, missed |',
  ])
})

test('a row that lacks a quantity leaves its place free', () => {
  const values = { ours: { 'median, us': 1234.5 }, C: { 'requests/s': 1, 'median, us': 0.123 } }
  assert.deepEqual(
    asText({ values, goals: [] })
      .split('\n')
      .map((line) => line.trimEnd()),
    ['        median, us  requests/s', '  ours       1,235', '  C           0.12        1.00'],
  )
})
