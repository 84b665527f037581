import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pastStream } from '../../src/transports/past-stream.ts'
import { temporaryFolder } from '../helpers/files.ts'

/** A pipe: the end to read from, and a stream at the other one. */
function makePipe(t: TestContext) {
  const path = join(temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const stream = new Socket({ fd: writeEnd, readable: false, writable: true })
  t.after(() => stream.destroy())
  return { readEnd, writeEnd, stream }
}

/** Fills a pipe, and gives how many bytes it took. */
function fill(writeEnd: number): number {
  const page = Buffer.alloc(4096)
  let filled = 0
  try {
    for (;;) filled += writeSync(writeEnd, page)
  } catch {
    return filled
  }
}

test('what fits into the pipe is there at once', (t) => {
  const { readEnd, writeEnd, stream } = makePipe(t)
  assert.equal(pastStream(writeEnd, stream)(Buffer.from('abcd')), 4)
  const bytes = Buffer.alloc(10)
  assert.equal(bytes.toString('latin1', 0, readSync(readEnd, bytes)), 'abcd')
  closeSync(readEnd)
})

test('of what does not fit as a whole, a part is taken, and nothing where the pipe is full', (t) => {
  const { readEnd, writeEnd, stream } = makePipe(t)
  const capacity = fill(writeEnd)
  const writeNow = pastStream(writeEnd, stream)
  assert.equal(writeNow(Buffer.from('abcd')), 0)
  readSync(readEnd, Buffer.alloc(4096))
  assert.equal(writeNow(Buffer.alloc(capacity)), 4096)
  closeSync(readEnd)
})

test('nothing is taken before what the stream still has', (t) => {
  const { readEnd, writeEnd, stream } = makePipe(t)
  fill(writeEnd)
  stream.write('first')
  readSync(readEnd, Buffer.alloc(4096))
  assert.equal(pastStream(writeEnd, stream)(Buffer.from('second')), 0)
  closeSync(readEnd)
})

test('nothing is taken when nobody reads the pipe', (t) => {
  const { readEnd, writeEnd, stream } = makePipe(t)
  closeSync(readEnd)
  assert.equal(pastStream(writeEnd, stream)(Buffer.from('abcd')), 0)
})

test('nothing goes into what got the number of a pipe that is closed', async (t) => {
  const { readEnd, writeEnd, stream } = makePipe(t)
  const writeNow = pastStream(writeEnd, stream)
  await once(stream.destroy(), 'close')
  const others: number[] = []
  do others.push(openSync('/dev/null', constants.O_WRONLY))
  while (others.at(-1) !== writeEnd)
  assert.equal(writeNow(Buffer.from('abcd')), 0)
  for (const descriptor of [readEnd, ...others]) closeSync(descriptor)
})
