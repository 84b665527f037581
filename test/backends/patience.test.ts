import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPatience } from '../../src/backends/patience.ts'
import { clock } from '../../src/clock.ts'
import { StoreError, UnavailableError } from '../../src/errors.ts'

const { signal } = new AbortController()
const request = { signal }

/** Fails with a StoreError so many times, and counts how often it is asked. */
function failing(times: number) {
  const access = () => {
    access.calls++
    if (access.calls <= times) throw new StoreError(`failure ${access.calls}`)
    return 'answer'
  }
  access.calls = 0
  return access
}

test('an answer without waiting stays one', () => {
  assert.equal(createPatience()(request, failing(0)), 'answer')
})
test('an answer that is waited for is handed on', async () => {
  assert.equal(await createPatience()(request, async () => 'answer'), 'answer')
})
test('a store that fails is asked again until it answers', async () => {
  const access = failing(3)
  assert.equal(await createPatience()(request, access), 'answer')
  assert.equal(access.calls, 4)
})
test('a store that fails later is asked again, too', async () => {
  const access = failing(1)
  assert.equal(await createPatience()(request, async () => access()), 'answer')
})
test('another error is not the store, and is not tried again', async () => {
  let calls = 0
  const access = () => {
    calls++
    throw new TypeError('a bug')
  }
  await assert.rejects(async () => createPatience()(request, access), TypeError)
  assert.equal(calls, 1)
})
test('no patience is one attempt', async () => {
  const access = failing(9)
  await assert.rejects(async () => createPatience(0)(request, access), { message: 'failure 1' })
})
test('an aborted request is one attempt', async () => {
  const access = failing(9)
  await assert.rejects(async () => createPatience()({ signal: AbortSignal.abort() }, access), {
    message: 'failure 1',
  })
})
test('a long outage fails a request at once, and patience returns with the store', async (t) => {
  let time = 0
  t.mock.method(clock, 'now', () => time)
  const patiently = createPatience(1000)
  const outage = failing(3)
  const first = patiently(request, () => {
    time += 600
    return outage()
  })
  await assert.rejects(async () => first, { message: 'failure 3' })
  await assert.rejects(async () => patiently(request, failing(9)), { message: 'failure 1' })
  assert.equal(patiently(request, failing(0)), 'answer')
  assert.equal(await patiently(request, failing(1)), 'answer')
})
test('an outage that nobody has met for a while is a new one', async (t) => {
  let time = 0
  t.mock.method(clock, 'now', () => time)
  const patiently = createPatience(1000)
  await assert.rejects(async () =>
    patiently(request, () => {
      time += 600
      throw new StoreError('away')
    }),
  )
  time += 1001
  assert.equal(await patiently(request, failing(1)), 'answer')
})
test('a server that says when to come back is asked again then', async () => {
  const began = performance.now()
  let calls = 0
  const access = () => {
    if (++calls === 1) throw new UnavailableError('busy', { retryAfter: 400 })
    return performance.now() - began
  }
  assert.ok(Number(await createPatience()(request, access)) >= 399)
})
for (const retryAfter of [1000, 5000, Number.POSITIVE_INFINITY])
  test(`a server that wants ${retryAfter} ms, where patience has 1000, is not asked again`, async () => {
    let calls = 0
    const access = () => {
      calls++
      throw new UnavailableError('busy', { retryAfter })
    }
    await assert.rejects(async () => createPatience(1000)(request, access), { message: 'busy' })
    assert.equal(calls, 1)
  })
