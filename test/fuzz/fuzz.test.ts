/** Every target for a moment, with a seed that stays; and what the tries are made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasMarkedName, MARK } from './behaviours.ts'
import { property } from './property.ts'
import { Random, Recorder, Replay, seedOf } from './random.ts'
import { Divergence } from './target.ts'
import { TARGETS } from './targets.ts'
import { frame } from './traffic.ts'

/** A part of a round. */
const PART = 8

for (const { name, count, run } of TARGETS) {
  test(`${name}: does what the model says`, async () => {
    const size = await run(new Random(seedOf('test', name)), Math.ceil(count / PART))
    assert.ok(size > 0)
  })
}

test('the same seed makes the same numbers, and another one others', () => {
  const draw = (seed: number) => {
    const random = new Random(seed)
    return random.list(20, () => random.below(1000))
  }
  assert.deepEqual(draw(1), draw(1))
  assert.notDeepEqual(draw(1), draw(2))
})

test('what was drawn can be drawn again, and behind its end there is nothing but 0', () => {
  const recorder = new Recorder(7)
  const drawn = recorder.list(5, () => recorder.below(100))
  const replay = new Replay(recorder.tape)
  assert.deepEqual(
    replay.list(7, () => replay.below(100)),
    [...drawn, 0, 0],
  )
})

test('a divergence is told with the smallest case', async () => {
  const run = property({
    generate: (random) => random.list(random.below(50), () => random.below(1000)),
    check: (numbers: readonly number[]) => {
      if (numbers.some((number) => number >= 100)) throw new Error('too large')
    },
    show: (numbers) => JSON.stringify(numbers),
  })
  await assert.rejects(run(new Random(1), 100), (error) => {
    assert.ok(error instanceof Divergence)
    assert.equal(error.message, 'too large\n\nThe smallest case that was found:\n[100]')
    return true
  })
})

test('a case that hangs diverges, too', async () => {
  const run = property({ generate: () => 0, check: () => new Promise(() => {}), show: String, patience: 1 })
  await assert.rejects(run(new Random(1), 1), /still not done after 1 ms/)
})

test('a password that damage has made a part of a name may be logged', () => {
  const stream = (body: string) => frame([Buffer.from(body)])
  assert.equal(hasMarkedName(stream(`tryregister:alice:${MARK}-and-m:::`)), true)
  assert.equal(hasMarkedName(stream(`auth:${MARK}:example.org:pw`)), true)
  assert.equal(hasMarkedName(stream(`auth:alice:example.org:${MARK}-and-more`)), false)
  assert.equal(hasMarkedName(stream(`${MARK}:alice:example.org:pw`)), false)
})
