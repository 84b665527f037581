import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { OutputClosed, Replies } from '../src/replies.ts'
import { Sink, StalledSink } from './helpers/streams.ts'
import { settled } from './helpers/turns.ts'

const LONG = Buffer.alloc(100_000, 1)

test('replies wait until they are flushed, and then go out in one write, in order', async () => {
  const output = new Sink()
  const replies = new Replies(output)
  replies.add(Buffer.of(1))
  replies.add(Buffer.of(2))
  assert.deepEqual(output.writes, [])
  await replies.flush()
  assert.deepEqual(output.writes, ['0102'])
})
test('without a reply nothing is written', async () => {
  const output = new Sink()
  await new Replies(output).flush()
  assert.deepEqual(output.writes, [])
})
test('what is not flushed is written at the end', async () => {
  const output = new Sink()
  const replies = new Replies(output)
  replies.add(Buffer.of(1))
  await replies.end()
  assert.deepEqual(output.writes, ['01'])
})
test('the end leaves the output open: it is somebody else’s', async () => {
  const output = new Sink()
  await new Replies(output).end()
  assert.equal(output.writableEnded, false)
})

const waits = (title: string, wait: (replies: Replies) => Promise<void>, reply: Buffer = LONG) =>
  test(`${title} waits for a reader that has stalled`, async () => {
    const output = new StalledSink()
    const replies = new Replies(output)
    replies.add(reply)
    let done = false
    const waiting = wait(replies).then(() => {
      done = true
    })
    await settled()
    assert.equal(done, false)
    output.flow()
    await waiting
    assert.equal(output.bytes, reply.length)
  })
waits('a flush', async (replies) => replies.flush())
waits('the end', (replies) => replies.end())
waits('the end, after a few bytes,', (replies) => replies.end(), Buffer.of(1))

test('a flush rejects when the output was closed long before', async () => {
  const output = new Sink()
  output.destroy()
  await once(output, 'close')
  const replies = new Replies(output)
  replies.add(Buffer.of(1))
  await assert.rejects(async () => replies.flush(), OutputClosed)
  await replies.end()
})
test('a flush rejects when the output is closed before it', async () => {
  const output = new Sink()
  const replies = new Replies(output)
  output.destroy()
  replies.add(Buffer.of(1))
  await assert.rejects(async () => replies.flush(), OutputClosed)
})
test('a flush rejects when the output is closed meanwhile', async () => {
  const output = new StalledSink()
  const replies = new Replies(output)
  replies.add(LONG)
  const flushed = assert.rejects(async () => replies.flush(), OutputClosed)
  output.destroy()
  await flushed
})
const epipe = ({ cause }: Error) => cause instanceof Error && cause.message === 'EPIPE'
test('a flush rejects because of the error of the output', async () => {
  const output = new StalledSink()
  const replies = new Replies(output)
  replies.add(LONG)
  const flushed = assert.rejects(async () => replies.flush(), epipe)
  output.destroy(new Error('EPIPE'))
  await flushed
  await assert.rejects(async () => {
    replies.add(LONG)
    await replies.flush()
  }, epipe)
})

const ends = (title: string, close: (output: StalledSink) => void) =>
  test(`the end comes also if the output is ${title}`, async () => {
    const output = new StalledSink()
    const replies = new Replies(output)
    replies.add(LONG)
    const ended = replies.end()
    close(output)
    await ended
    await replies.end()
  })
ends('closed', (output) => output.destroy())
ends('broken', (output) => output.destroy(new Error('EPIPE')))
test('the end comes also if somebody else has ended the output', async () => {
  const output = new Sink()
  const replies = new Replies(output)
  output.end()
  replies.add(LONG)
  await replies.end()
})
test('an output that works on does not gather listeners', async () => {
  const output = new Sink()
  const replies = new Replies(output)
  const before = output.listenerCount('close') + output.listenerCount('drain')
  for (let round = 0; round < 20; round++) {
    replies.add(LONG)
    await replies.flush()
  }
  assert.equal(output.listenerCount('close') + output.listenerCount('drain'), before)
})
