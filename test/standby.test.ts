import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { firstOf } from '../src/combinations/first-of.ts'
import { slowDown } from '../src/combinations/slow-down.ts'
import { Frame } from '../src/frame.ts'
import type { Handlers } from '../src/handlers.ts'
import type { IncomingRequest } from '../src/incoming-request.ts'
import { parseRequest } from '../src/request.ts'
import { Standby } from '../src/standby.ts'
import { holdTime } from './helpers/clock.ts'
import { type RecordedLog, recordLog } from './helpers/log.ts'
import { type Deferred, defer, settled } from './helpers/turns.ts'

const TIMEOUT = 5000
const RETRY_AFTER = 3000

interface Loading {
  readonly standby: Standby
  readonly log: RecordedLog
  /** One for each time the handlers were asked for. */
  readonly attempts: Deferred<Handlers>[]
}

function start(timeout = TIMEOUT): Loading {
  const attempts: Deferred<Handlers>[] = []
  const log = recordLog()
  const load = () => {
    const attempt = defer<Handlers>()
    attempts.push(attempt)
    return attempt.promise
  }
  return { standby: new Standby({ load, log, timeout, retryAfter: RETRY_AFTER }), log, attempts }
}

function request(): IncomingRequest {
  const parsed = parseRequest(Frame.of('isuser:alice:x'))
  assert.ok(!('reason' in parsed))
  return parsed
}

/** Handlers that say who they are and count how often they were closed. */
function handlers(close: () => void | Promise<void> = () => {}): Handlers & { closes: number } {
  return {
    closes: 0,
    auth: () => true,
    isuser: () => true,
    close() {
      this.closes++
      return close()
    },
  }
}

/** What waits in these tests holds no process alive by itself. */
function stayAlive(t: TestContext): void {
  const alive = setInterval(() => {}, 1000)
  t.after(() => clearInterval(alive))
}

test('handlers that are loaded are there at once, without a promise', async () => {
  const { standby, log, attempts } = start()
  const loaded = handlers()
  attempts[0]?.resolve(loaded)
  await standby.firstAttempt
  assert.equal(standby.source(request()), loaded)
  assert.equal(standby.problem, undefined)
  assert.deepEqual(log.lines, ['level=info event=handlers_loaded'])
})
test('what nearly everybody needs and is missing is told', async () => {
  const { standby, log, attempts } = start()
  attempts[0]?.resolve({ setpass: () => true })
  await standby.firstAttempt
  assert.deepEqual(log.lines.slice(1), [
    'level=warn event=handler_missing operation=auth outcome=refused',
    'level=warn event=handler_missing operation=isuser outcome=refused',
  ])
})

test('requests wait while the handlers are being loaded', async (t) => {
  stayAlive(t)
  const { standby, attempts } = start()
  const waiting = [standby.source(request()), standby.source(request())]
  assert.match(standby.problem?.message ?? '', /still loading/)
  await settled()
  const loaded = handlers()
  attempts[0]?.resolve(loaded)
  assert.deepEqual(await Promise.all(waiting), [loaded, loaded])
})
test('a failure to load is logged, and tried again until it works', async (t) => {
  const clock = holdTime(t)
  const { standby, log, attempts } = start()
  const waiting = standby.source(request())
  attempts[0]?.reject(new Error('no database'))
  await settled()
  assert.equal(standby.problem?.message, 'no database')
  await clock.advance(RETRY_AFTER - 1)
  assert.equal(attempts.length, 1)
  await clock.advance(1)
  assert.equal(attempts.length, 2)
  const loaded = handlers()
  attempts[1]?.resolve(loaded)
  assert.equal(await waiting, loaded)
  assert.equal(standby.problem, undefined)
  await clock.advance(RETRY_AFTER)
  assert.equal(attempts.length, 2)
  assert.deepEqual(log.lines, [
    'level=error event=handlers_not_loaded reason="Error: no database"',
    'level=info event=handlers_loaded',
  ])
})
test('a load that throws instead of rejecting is a failure, too', async () => {
  const log = recordLog()
  const load = () => {
    throw new Error('at once')
  }
  const standby = new Standby({ load, log, timeout: 1 })
  await standby.firstAttempt
  assert.match(log.lines.join(), /at once/)
  await standby.close()
})
test('a request that has waited in vain fails with the reason', async (t) => {
  stayAlive(t)
  const { standby, attempts } = start(20)
  const waiting = standby.source(request())
  attempts[0]?.reject(new Error('no database'))
  await assert.rejects(async () => waiting, /^Error: no database$/)
  await standby.close()
})
test('a request that has waited for a load without an end fails', async (t) => {
  stayAlive(t)
  const { standby } = start(20)
  await assert.rejects(async () => standby.source(request()), {
    code: 'ERR_HANDLERS',
    message: 'still loading',
  })
  await standby.close()
})
test('a request that is aborted waits no longer', async (t) => {
  stayAlive(t)
  const { standby, attempts } = start()
  attempts[0]?.reject(new Error('no database'))
  const asked = request()
  const waiting = standby.source(asked)
  await settled()
  asked.abort(new Error('deadline'))
  await assert.rejects(async () => waiting, /^Error: no database$/)
  await standby.close()
})
test('in a long outage requests fail at once', async (t) => {
  const clock = holdTime(t)
  const { standby, attempts } = start()
  for (let attempt = 0; attempt < 3; attempt++) {
    attempts[attempt]?.reject(new Error('no database'))
    await settled()
    await clock.advance(RETRY_AFTER)
  }
  assert.equal(attempts.length, 4)
  const asked = request()
  await assert.rejects(async () => standby.source(asked), /no database/)
  const loaded = handlers()
  attempts[3]?.resolve(loaded)
  await settled()
  assert.equal(standby.source(asked), loaded)
})
test('attempts become five times as rare from the twentieth on', async (t) => {
  const clock = holdTime(t)
  const { attempts } = start()
  const failNext = async (pause: number) => {
    attempts.at(-1)?.reject(new Error('no database'))
    await settled()
    const before = attempts.length
    await clock.advance(pause - 1)
    assert.equal(attempts.length, before)
    await clock.advance(1)
    assert.equal(attempts.length, before + 1)
  }
  for (let failure = 1; failure < 20; failure++) await failNext(RETRY_AFTER)
  for (let failure = 20; failure < 30; failure++) await failNext(5 * RETRY_AFTER)
})

test('the same trouble is told again once a minute, another one at once', async (t) => {
  const clock = holdTime(t)
  const { log, attempts } = start()
  for (let attempt = 0; attempt < 20; attempt++) {
    attempts[attempt]?.reject(new Error('no database'))
    await settled()
    await clock.advance(RETRY_AFTER)
  }
  assert.equal(log.lines.length, 1)
  await clock.advance(4 * RETRY_AFTER)
  attempts[20]?.reject(new Error('no database'))
  await settled()
  assert.equal(log.lines.length, 2)
  await clock.advance(5 * RETRY_AFTER)
  attempts[21]?.reject(new Error('no such file'))
  await settled()
  assert.match(log.lines[2] ?? '', /no such file/)
})

test('a load that takes too long is given up, tried again, and closed when it comes after all', async (t) => {
  const clock = holdTime(t)
  const { standby, log, attempts } = start()
  await clock.advance(30_000)
  assert.match(
    log.lines.join(),
    /event=handlers_not_loaded reason="expected the handlers to load within 30000 ms/,
  )
  await clock.advance(RETRY_AFTER)
  const [late, loaded] = [handlers(), handlers()]
  attempts[1]?.resolve(loaded)
  attempts[0]?.resolve(late)
  await settled()
  assert.equal(standby.source(request()), loaded)
  await clock.advance(TIMEOUT)
  assert.equal(late.closes, 1)
  assert.equal(loaded.closes, 0)
})

/** Handlers in use, and how to load others. */
async function inUse(current: Handlers): Promise<Loading> {
  const loading = start()
  loading.attempts[0]?.resolve(current)
  await loading.standby.firstAttempt
  return loading
}

test('a reload puts new handlers in place of the old ones, and closes those after a timeout', async (t) => {
  const clock = holdTime(t)
  const [old, loaded] = [handlers(), handlers()]
  const { standby, attempts } = await inUse(old)
  const reloaded = standby.reload()
  assert.equal(standby.source(request()), old)
  attempts[1]?.resolve(loaded)
  await reloaded
  assert.equal(standby.source(request()), loaded)
  await clock.advance(TIMEOUT - 1)
  assert.equal(old.closes, 0)
  await clock.advance(1)
  assert.equal(old.closes, 1)
  await standby.close()
  assert.equal(old.closes, 1)
  assert.equal(loaded.closes, 1)
})
test('a reload that fails keeps the old handlers, and is tried again', async (t) => {
  const clock = holdTime(t)
  const [old, loaded] = [handlers(), handlers()]
  const { standby, log, attempts } = await inUse(old)
  const reloaded = standby.reload()
  attempts[1]?.reject(new Error('syntax'))
  await reloaded
  assert.equal(standby.source(request()), old)
  assert.equal(standby.problem, undefined)
  assert.match(log.lines.join(), /handlers_not_loaded reason="Error: syntax"/)
  await clock.advance(RETRY_AFTER)
  attempts[2]?.resolve(loaded)
  await settled()
  assert.equal(standby.source(request()), loaded)
})
test('a reload that gives the same handlers again does not close them', async (t) => {
  const clock = holdTime(t)
  const same = handlers()
  const { standby, attempts } = await inUse(same)
  for (const attempt of [1, 2]) {
    const reloaded = standby.reload()
    attempts[attempt]?.resolve(same)
    await reloaded
  }
  await clock.advance(TIMEOUT)
  assert.equal(same.closes, 0)
  await standby.close()
  assert.equal(same.closes, 1)
})

const sharesMember = (
  title: string,
  before: (member: Handlers) => Handlers,
  after: (member: Handlers) => Handlers,
) =>
  test(`a member that is not loaded anew is closed when nothing has it any more: ${title}`, async (t) => {
    const clock = holdTime(t)
    const member = handlers()
    const { standby, attempts } = await inUse(before(member))
    const reload = async (attempt: number, loaded: Handlers) => {
      const reloaded = standby.reload()
      attempts[attempt]?.resolve(loaded)
      await reloaded
      await clock.advance(TIMEOUT)
    }
    await reload(1, after(member))
    assert.equal(member.closes, 0)
    await reload(2, before(member))
    assert.equal(member.closes, 0)
    await reload(3, handlers())
    assert.equal(member.closes, 1)
    await standby.close()
    assert.equal(member.closes, 1)
  })
const alone = (member: Handlers) => member
sharesMember('the same combination', slowDown, slowDown)
sharesMember('in several places', (member) => firstOf(slowDown(member), member), slowDown)
sharesMember('first in a combination, then alone', slowDown, alone)
sharesMember('first alone, then in a combination', alone, slowDown)

test('of two reloads at a time the later one counts, and what the other gives is closed', async (t) => {
  const clock = holdTime(t)
  const [old, first, second] = [handlers(), handlers(), handlers()]
  const { standby, attempts } = await inUse(old)
  const reloaded = [standby.reload(), standby.reload()]
  attempts[2]?.resolve(second)
  await settled()
  attempts[1]?.resolve(first)
  await Promise.all(reloaded)
  assert.equal(standby.source(request()), second)
  await clock.advance(TIMEOUT)
  assert.deepEqual([old.closes, first.closes, second.closes], [1, 1, 0])
})
test('old handlers that cannot be closed are logged', async (t) => {
  const clock = holdTime(t)
  const { standby, log, attempts } = await inUse(handlers(() => Promise.reject(new Error('stuck'))))
  const reloaded = standby.reload()
  attempts[1]?.resolve(handlers())
  await reloaded
  await clock.advance(TIMEOUT)
  assert.equal(log.lines.at(-1), 'level=error event=close_failed reason="Error: stuck"')
})
test('close also closes old handlers that still wait for it', async () => {
  const [old, loaded] = [handlers(), handlers()]
  const { standby, attempts } = await inUse(old)
  const reloaded = standby.reload()
  attempts[1]?.resolve(loaded)
  await reloaded
  await standby.close()
  assert.deepEqual([old.closes, loaded.closes], [1, 1])
})
test('close passes on that the handlers cannot be closed', async () => {
  const { standby } = await inUse(handlers(() => Promise.reject(new Error('stuck'))))
  await assert.rejects(standby.close(), /stuck/)
})
test('close ends the attempts', async (t) => {
  const clock = holdTime(t)
  const { standby, attempts } = start()
  attempts[0]?.reject(new Error('no database'))
  await settled()
  await standby.close()
  await clock.advance(RETRY_AFTER)
  assert.equal(attempts.length, 1)
})
test('close while loading: a failure is not told, and not tried again', async (t) => {
  const clock = holdTime(t)
  const { standby, log, attempts } = start()
  await standby.close()
  attempts[0]?.reject(new Error('no database'))
  await standby.firstAttempt
  await clock.advance(RETRY_AFTER)
  assert.equal(attempts.length, 1)
  assert.deepEqual(log.lines, [])
})
test('close while loading: what comes of it is closed', async (t) => {
  const clock = holdTime(t)
  const { standby, log, attempts } = start()
  await standby.close()
  const loaded = handlers()
  attempts[0]?.resolve(loaded)
  await settled()
  await clock.advance(TIMEOUT)
  assert.equal(loaded.closes, 1)
  assert.deepEqual(log.lines, [])
})
