import { strict as assert } from 'node:assert'
import { TruncatedFrameError } from '../../../src/errors.ts'
import { encodeFrame, FrameDecoder } from '../../../src/frame.ts'
import { WORDS } from '../behaviours.ts'
import { splitFrames } from '../model.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere, frame, makeBody, makeLargeBody, userFrom } from '../traffic.ts'

/** Any bytes in any chunks, to the bodies of frames. */
export const frames: Target = {
  name: 'frames',
  unit: 'cases',
  share: 5,
  count: 300,
  run: property({ generate, check, show }),
}

function generate(random: Random): Buffer[] {
  return cutAnywhere(random, makeBytes(random))
}

function makeBytes(random: Random): Buffer {
  if (random.oneIn(4))
    return Buffer.from(random.list(random.size(300), () => random.below(random.pick([3, 256]))))
  const user = userFrom(WORDS.others)
  const bodies = random.list(random.below(40), () => makeBody(random, user))
  if (random.oneIn(40)) bodies.push(makeLargeBody(random, user))
  return random.oneIn(2) ? mutateBytes(random, frame(bodies)) : frame(bodies)
}

function check(chunks: readonly Buffer[]): void {
  const stream = Buffer.concat(chunks)
  const { bodies, rest } = splitFrames(stream)
  const decoder = new FrameDecoder()
  // A body may be a view of its chunk, and whoever reads may use the memory of a chunk again.
  const seen = chunks.flatMap((chunk) => {
    const memory = Uint8Array.from(chunk)
    const found = [...decoder.push(memory)].map(({ bytes, text }) => {
      assert.equal(text, bytes.toString())
      return bytes.toString('latin1')
    })
    memory.fill(0xaa)
    return found
  })
  assert.deepEqual(
    seen,
    bodies.map((body) => body.toString('latin1')),
  )
  if (rest === 0) decoder.end()
  else assert.throws(() => decoder.end(), TruncatedFrameError)
  assert.ok(
    Buffer.concat(bodies.map((body) => encodeFrame(body))).equals(stream.subarray(0, stream.length - rest)),
  )
}

function show(chunks: readonly Buffer[]): string {
  return chunks.map((chunk) => chunk.toString('hex')).join(' | ')
}
