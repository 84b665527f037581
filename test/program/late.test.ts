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

/** What the program logs when it finds a request in a pipe that was closed while it stood still. */
async function afterGivenUp(t: TestContext, request: string): Promise<string> {
  const folder = temporaryFolder(t)
  const done = "() => { console.log('done'); return true }"
  const file = writeHandlers(folder, `{ setpass: ${done}, tryregister: ${done}, removeuser: ${done} }`)
  const requests = pipe(folder, 'requests')
  const replies = pipe(folder, 'replies')
  const child = spawn(PROGRAM, ['--handlers', file], { stdio: [requests.read, replies.write, 'pipe'] })
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
  writeSync(requests.write, frames(request))
  closeSync(requests.write)
  closeSync(replies.read)
  child.kill('SIGCONT')
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
    const log = await afterGivenUp(t, request)
    assert.match(log, new RegExp(`operation=${operation} .*outcome=failed .*whoever asked has given up`))
    assert.doesNotMatch(log, /^done$/m)
  })
}

test('a removeuser is done, though nobody hears of it: ejabberd has told that it is', async (t) => {
  assert.match(await afterGivenUp(t, 'removeuser:alice:example.org'), /^done$/m)
})
