/** ejabberd gives a request 30 seconds, and closes the pipes of a program that stood still for so long. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { frames, PROGRAM, temporaryFolder, writeHandlers } from './support.ts'

/** The deadline of a request, in milliseconds. */
const TIMEOUT = 300

/** What the program logs that finds a request after it stood still, and the end behind it if that was given up. */
async function afterStandingStill(t: TestContext, request: string, isGivenUp: boolean): Promise<string> {
  const folder = temporaryFolder(t)
  const done = "() => { console.log('done'); return true }"
  const file = writeHandlers(folder, `{ setpass: ${done}, tryregister: ${done}, removeuser: ${done} }`)
  const requests = pipe(folder, 'requests')
  const replies = pipe(folder, 'replies')
  const child = spawn(PROGRAM, ['--timeout', String(TIMEOUT / 1000), '--handlers', file], {
    stdio: [requests.read, replies.write, 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  closeSync(requests.read)
  closeSync(replies.write)
  let log = ''
  const stderr = child.stderr as Readable
  stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  while (!log.includes('handlers_loaded')) await once(stderr, 'data')
  child.kill('SIGSTOP')
  while (!/^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'))) await pause(1)
  await pause(2 * TIMEOUT)
  writeSync(requests.write, frames(request))
  const close = () => {
    closeSync(requests.write)
    closeSync(replies.read)
  }
  if (isGivenUp) close()
  child.kill('SIGCONT')
  if (!isGivenUp) {
    while (!log.includes('event=request')) await once(stderr, 'data')
    close()
  }
  await once(stderr, 'end')
  return log
}

/** Both ends of a pipe as ejabberd makes them; those of `spawn` are sockets. */
function pipe(folder: string, name: string): { read: number; write: number } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { read, write: openSync(path, constants.O_WRONLY) }
}

for (const request of ['setpass:alice:example.org:new', 'tryregister:alice:example.org:new']) {
  const [operation] = request.split(':')
  test(`a ${operation} that ejabberd has given up is not begun`, async (t) => {
    const log = await afterStandingStill(t, request, true)
    assert.match(log, new RegExp(`operation=${operation} .*outcome=failed .*whoever asked has given up`))
    assert.doesNotMatch(log, /^done$/m)
  })

  test(`a ${operation} that somebody still waits for is done, however late`, async (t) => {
    assert.match(await afterStandingStill(t, request, false), /^done$/m)
  })
}

test('a removeuser is done, though nobody hears of it: ejabberd has told that it is', async (t) => {
  assert.match(await afterStandingStill(t, 'removeuser:alice:example.org', true), /^done$/m)
})
