import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeFrames, encodeFrame, FrameDecoder, MAX_BODY_LENGTH } from '../src/frame.ts'
import { byteByByte, cut, frames } from './helpers/wire.ts'

async function decode(chunks: readonly Uint8Array[]): Promise<string[]> {
  const bodies: string[] = []
  for await (const body of decodeFrames(streamOf(chunks))) bodies.push(body.toString('latin1'))
  return bodies
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const BODIES = ['auth:alice:e1.test:pw1', '', 'x', 'isuser:bob:e1.test', 'y'.repeat(300), '']
const STREAM = frames(...BODIES)

test('a frame is the length in two bytes, the higher one first, and then the body', () => {
  assert.equal(encodeFrame('auth:alice:e1.test:pw1').toString('latin1'), '\0\x16auth:alice:e1.test:pw1')
})
test('a text is encoded as UTF-8, and its bytes are counted', () => {
  assert.equal(encodeFrame('€').toString('hex'), '0003e282ac')
})

test('an empty stream holds no frame', async () => assert.deepEqual(await decode([]), []))
test('several frames in one chunk come out in order', async () => {
  assert.deepEqual(await decode([STREAM]), BODIES)
})
test('frames come out the same when each byte is a chunk', async () => {
  assert.deepEqual(await decode(byteByByte(STREAM)), BODIES)
})
test('frames come out the same wherever the stream is cut in two', async () => {
  for (let at = 0; at <= STREAM.length; at++) {
    assert.deepEqual(await decode(cut(STREAM, at)), BODIES, `cut at ${at}`)
  }
})
test('frames come out the same wherever the head of one is cut in three', async () => {
  const stream = frames('ab', 'cd')
  for (let first = 0; first <= stream.length; first++) {
    for (let second = first; second <= stream.length; second++) {
      assert.deepEqual(await decode(cut(stream, first, second)), ['ab', 'cd'], `cut at ${first}, ${second}`)
    }
  }
})
test('empty chunks change nothing', async () => {
  assert.deepEqual(await decode([Buffer.of(), ...cut(STREAM, 1, 1, 5, 5), Buffer.of()]), BODIES)
})
test('a chunk may be any view of any buffer', async () => {
  const padded = new Uint8Array(STREAM.length + 7)
  padded.set(STREAM, 3)
  assert.deepEqual(await decode([padded.subarray(3, 3 + STREAM.length)]), BODIES)
})

const length = (bytes: number, head: string) => {
  const body = 'z'.repeat(bytes)
  test(`a body of ${bytes} bytes comes after the length ${head}`, async () => {
    const frame = encodeFrame(body)
    assert.equal(frame.toString('hex', 0, 2), head)
    assert.equal(frame.length, 2 + bytes)
  })
  test(`a body of ${bytes} bytes is read in one chunk`, async () => {
    assert.deepEqual(await decode([frames(body, 'next')]), [body, 'next'])
  })
  test(`a body of ${bytes} bytes is read in chunks of 4096`, async () => {
    const stream = frames(body, 'next')
    const offsets = Array.from({ length: Math.floor(stream.length / 4096) }, (_, index) => (index + 1) * 4096)
    assert.deepEqual(await decode(cut(stream, ...offsets)), [body, 'next'])
  })
}
length(0, '0000')
length(1, '0001')
length(255, '00ff')
length(256, '0100')
length(32_767, '7fff')
length(32_768, '8000')
length(65_534, 'fffe')
length(65_535, 'ffff')

test('a body of 65536 bytes does not fit a frame', () => {
  assert.throws(() => encodeFrame(Buffer.alloc(MAX_BODY_LENGTH + 1)), { code: 'ERR_FRAME_TOO_LARGE' })
})
test('a text of fewer characters but 65536 bytes does not fit a frame', () => {
  assert.throws(() => encodeFrame(`${'€'.repeat(21_845)}x`), { code: 'ERR_FRAME_TOO_LARGE' })
})

const truncated = (title: string, chunks: readonly Buffer[], before: readonly string[], message: RegExp) =>
  test(`an end of the input ${title} is an error, after the frames before it`, async () => {
    const bodies: string[] = []
    const reading = async () => {
      for await (const body of decodeFrames(streamOf(chunks))) bodies.push(body.toString())
    }
    await assert.rejects(reading, { code: 'ERR_TRUNCATED_FRAME', message })
    assert.deepEqual(bodies, before)
  })
truncated('inside the length', [Buffer.of(0)], [], /2 bytes of a frame's length, got 1 /)
truncated('inside a later length', [frames('a', 'b'), Buffer.of(1)], ['a', 'b'], /length, got 1 /)
truncated('after the length', [Buffer.of(0, 5)], [], /5 bytes of a frame's body, got 0 /)
truncated('inside the body', [frames('a'), Buffer.from('\0\x05abcd')], ['a'], /body, got 4 /)
truncated('inside a long body', [Buffer.alloc(65_536, 0xff)], [], /65535 bytes of a frame's body, got 65534 /)

test('a frame is there as soon as its last byte is', () => {
  const decoder = new FrameDecoder()
  for (const byte of byteByByte(frames('abc')).slice(0, -1)) assert.deepEqual([...decoder.push(byte)], [])
  assert.deepEqual(
    [...decoder.push(Buffer.from('c'))].map(({ text }) => text),
    ['abc'],
  )
  decoder.end()
})
test('an empty frame is there as soon as its length is', () => {
  const decoder = new FrameDecoder()
  assert.deepEqual([...decoder.push(Buffer.of(0))], [])
  assert.equal([...decoder.push(Buffer.of(0))].length, 1)
})

const texts = (title: string, ...bodies: readonly (string | Buffer)[]) =>
  test(`the text of a frame is that of its bytes: ${title}`, () => {
    const expected = bodies.map((body) => Buffer.from(body).toString())
    const stream = frames(...bodies)
    for (let at = 0; at <= stream.length; at++) {
      const decoder = new FrameDecoder()
      const seen = cut(stream, at).flatMap((chunk) => [...decoder.push(chunk)].map(({ text }) => text))
      assert.deepEqual(seen, expected, `cut at ${at}`)
    }
  })
texts('nothing but ASCII', 'auth:alice:example.org:a', '', 'isuser:bob:example.org', '\0\x7f')
texts('other characters before and behind it', 'aé', 'b', '🐘', 'c')
texts('no UTF-8 before and behind it', Buffer.of(0xff), 'b', Buffer.of(0xc3), Buffer.of(0xa9), 'c')
texts('lengths that are no ASCII', 'x'.repeat(127), 'y'.repeat(128), 'z'.repeat(255), 'w'.repeat(256), 'v')
test('the text of frames that are kept while their chunk is written over is the same', () => {
  const decoder = new FrameDecoder()
  const chunk = frames('one', 'two', 'three')
  assert.equal(decoder.push(chunk).next()?.text, 'one')
  decoder.keep()
  chunk.fill(0)
  assert.deepEqual(
    [...decoder].map(({ text }) => text),
    ['two', 'three'],
  )
})

test('an error of the source is passed on', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield frames('a')
    throw new Error('EIO')
  }
  const reading = decodeFrames(broken())
  assert.equal((await reading.next()).value?.toString(), 'a')
  await assert.rejects(reading.next(), /EIO/)
})

test('any bodies in any chunks come out as the same bodies', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 600 })), {
        maxLength: 12,
      }),
      fc.array(fc.nat()),
      async (bodies, numbers) => {
        const stream = frames(...bodies)
        const offsets = numbers.map((number) => number % (stream.length + 1))
        const expected = bodies.map((body) => Buffer.from(body).toString('latin1'))
        assert.deepEqual(await decode(cut(stream, ...offsets)), expected)
      },
    ),
  ))
test('any bytes are frames, or frames and an end that is cut off', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(), (bytes, number) => {
      const decoder = new FrameDecoder()
      const chunks = cut(Buffer.from(bytes), number % (bytes.length + 1))
      const seen = frames(
        ...chunks.flatMap((chunk) => [...decoder.push(chunk)].map(({ bytes }) => Buffer.from(bytes))),
      )
      assert.deepEqual(seen, Buffer.from(bytes.subarray(0, seen.length)))
      if (seen.length === bytes.length) decoder.end()
      else assert.throws(() => decoder.end(), { code: 'ERR_TRUNCATED_FRAME' })
    }),
  ))
