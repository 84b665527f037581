/** What a soak holds against the program, and what it forgives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scheduleFor } from './schedule.ts'
import { CONTROL, compareTimes, compareWorker, faultsOf } from './verdict.ts'
import type { Holding } from './watch.ts'

const HELD: Holding = { resident: 60, privateDirty: 20, descriptors: 20, threads: 11 }
const worker = (early: Partial<Holding>[], end: Partial<Holding>[]) =>
  compareWorker({
    name: 'one',
    pid: 1,
    early: early.map((each) => ({ ...HELD, ...each })),
    end: end.map((each) => ({ ...HELD, ...each })),
  })
const times = (kind: string, early: number, end: number) => compareTimes(kind, { early: [early], end: [end] })
const USUAL = [times('pipes: instant', 0.1, 0.1), times('ejabberd: login', 50, 50)]

test('what has not grown is no fault', () => {
  assert.deepEqual(faultsOf([worker([{}], [{}])], USUAL, 0), [])
})

test('one more descriptor, or one more thread, is a fault', () => {
  for (const what of ['descriptors', 'threads'] as const) {
    const faults = faultsOf([worker([{}], [{ [what]: HELD[what] + 1 }])], USUAL, 0)
    assert.equal(faults.length, 1)
    assert.match(faults[0] ?? '', new RegExp(`^one: ${what} grew`))
  }
})

test('a descriptor that is there for a moment is none', () => {
  assert.deepEqual(faultsOf([worker([{}], [{ descriptors: 25 }, {}])], USUAL, 0), [])
})

test('memory may grow by 16 MiB, and by 0.1 for each time that handlers were loaded', () => {
  for (const what of ['resident', 'privateDirty'] as const) {
    const grown = (by: number, reloads: number) =>
      faultsOf([worker([{}], [{ [what]: HELD[what] + by }])], USUAL, reloads).length
    assert.equal(grown(15.9, 0), 0)
    assert.equal(grown(16.5, 0), 1)
    assert.equal(grown(16.5, 10), 0)
  }
})

test('a worker that was not looked at is a fault', () => {
  assert.notDeepEqual(faultsOf([worker([{}], [])], USUAL, 0), [])
  assert.notDeepEqual(faultsOf([worker([], [{}])], USUAL, 0), [])
})

test('a median three times as high is a fault, unless it is a matter of some milliseconds', () => {
  assert.equal(faultsOf([], [...USUAL, times('pipes: hash', 150, 440)], 0).length, 0)
  assert.equal(faultsOf([], [...USUAL, times('pipes: hash', 150, 460)], 0).length, 1)
  assert.equal(faultsOf([], [...USUAL, times('pipes: store', 0.1, 5)], 0).length, 0)
})

test('where a hash of our own takes longer, too, it is the machine', () => {
  const slow = [...USUAL, times('pipes: hash', 150, 800)]
  assert.equal(faultsOf([], [...slow, times(CONTROL, 100, 200)], 0).length, 0)
  assert.equal(faultsOf([], [...slow, times(CONTROL, 100, 100)], 0).length, 1)
  assert.equal(faultsOf([], [...slow, times(CONTROL, 200, 100)], 0).length, 1)
})

test('nothing is proven where nothing was asked', () => {
  assert.equal(faultsOf([], [], 0).length, 2)
  const unasked = [compareTimes('pipes: instant', { early: [1], end: [] }), ...USUAL.slice(1)]
  assert.equal(faultsOf([], unasked, 0).length, 1)
})

test('an hour is compared with its fifth minute', () => {
  const { early, end, duration } = scheduleFor(60)
  assert.deepEqual(early, { from: 300_000, to: 360_000 })
  assert.deepEqual(end, { from: duration - 60_000, to: duration })
})

test('in a short run the parts that are compared do not meet, and handlers are loaded anew before the first', () => {
  for (const minutes of [1, 2, 5, 10]) {
    const { early, end, reloadEvery } = scheduleFor(minutes)
    assert.ok(early.to < end.from)
    assert.ok(reloadEvery / 2 < early.from)
  }
})
