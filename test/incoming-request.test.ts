import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forUser, IncomingUser, onAbort, withOrigin } from '../src/incoming-request.ts'

const incoming = () => new IncomingUser('isuser', 'alice', 'example.org')

/** Requests of every kind, and what gives them up. */
const KINDS = {
  'a request as it came': () => {
    const request = incoming()
    return { request, abort: (reason: Error) => request.abort(reason) }
  },
  'a request for another user': () => {
    const origin = incoming()
    return { request: forUser(origin, 'bob'), abort: (reason: Error) => origin.abort(reason) }
  },
  'a request that ends with another': () => {
    const origin = incoming()
    return { request: withOrigin(incoming(), origin), abort: (reason: Error) => origin.abort(reason) }
  },
  'a request that somebody wrote down': () => {
    const controller = new AbortController()
    const request = { operation: 'isuser', user: 'alice', server: 'example.org', signal: controller.signal }
    return { request, abort: (reason: Error) => controller.abort(reason) }
  },
}

for (const [kind, make] of Object.entries(KINDS)) {
  test(`${kind} tells each listener once that it is given up, and why`, () => {
    const { request, abort } = make()
    const told: unknown[] = []
    onAbort(request, (reason) => told.push(['first', reason]))
    onAbort(request, (reason) => told.push(['second', reason]))
    const [why, again] = [new Error('the deadline'), new Error('once more')]
    abort(why)
    abort(again)
    assert.deepEqual(told, [
      ['first', why],
      ['second', why],
    ])
  })

  test(`${kind} tells a listener that comes late at once`, () => {
    const { request, abort } = make()
    const why = new Error('the deadline')
    abort(why)
    const told: unknown[] = []
    onAbort(request, (reason) => told.push(reason))
    assert.deepEqual(told, [why])
  })

  test(`${kind} tells nothing to a listener that has left`, () => {
    const { request, abort } = make()
    const stop = onAbort(request, () => assert.fail('told'))
    stop()
    abort(new Error('the deadline'))
  })
}
