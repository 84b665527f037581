import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { offLoop } from '../../src/passwords/off-loop.ts'

const SALT = Buffer.from('12345678')
const stretch = (rounds: number, signal?: AbortSignal) =>
  offLoop('stretchPhpass', ['md5', rounds, SALT, Buffer.from('x')], signal)

test('calls made at the same time get the results that are theirs', async () => {
  const [one, two, again] = await Promise.all([stretch(1), stretch(2), stretch(1)])
  assert.deepEqual(one, again)
  assert.notDeepEqual(one, two)
})

test('the event loop turns while the thread works', async () => {
  let turns = 0
  let isDone = false
  const work = stretch(2 ** 18).then(() => {
    isDone = true
  })
  while (!isDone) {
    await turn()
    turns++
  }
  await work
  assert.ok(turns > 100, `${turns} turns`)
})

test('an aborted signal is answered at once, and nobody who waits behind it is harmed', async () => {
  const controller = new AbortController()
  const order: string[] = []
  const slow = stretch(2 ** 18, controller.signal).catch((error: Error) => order.push(error.message))
  const queued = stretch(2 ** 18, controller.signal).catch((error: Error) => order.push(error.message))
  const last = stretch(1).then(() => order.push('last'))
  controller.abort(new Error('too late'))
  await Promise.all([slow, queued, last])
  assert.deepEqual(order, ['too late', 'too late', 'last'])
})

test('a signal that is aborted already starts nothing', async () => {
  await assert.rejects(stretch(1, AbortSignal.abort(new Error('too late'))), /too late/)
})

test('what a task throws rejects its call, and the next one is answered', async () => {
  const wrong = ['no digest', 1, SALT, SALT] as unknown as Parameters<typeof offLoop<'stretchPhpass'>>[1]
  await assert.rejects(offLoop('stretchPhpass', wrong))
  assert.equal((await stretch(1)).length, 16)
})

test('a program ends when it has its answer, and not before', () => {
  const module = new URL('../../src/passwords/off-loop.js', import.meta.url)
  const script = `
    import { offLoop } from '${module}'
    const bytes = Buffer.from('x')
    console.log((await offLoop('stretchPhpass', ['md5', 1000, bytes, bytes])).length)
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(output, '16\n')
})
