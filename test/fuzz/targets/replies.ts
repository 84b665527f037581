import { strict as assert } from 'node:assert'
import { PassThrough } from 'node:stream'
import { Client } from '../../../src/client.ts'
import { ExtauthError } from '../../../src/errors.ts'
import { splitFrames } from '../model.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere, frame } from '../traffic.ts'

/** What some program answers, and how many questions it was asked. */
interface Example {
  readonly chunks: readonly Buffer[]
  readonly questions: number
}

/** Any bytes from a program, to yes, no, or an error. */
export const replies: Target = {
  name: 'replies',
  unit: 'cases',
  share: 3,
  count: 200,
  run: property({ generate, check, show }),
}

const REPLIES = ['0001', '0000', '0002', '', '00', '01', '000001', '0101', '000000', '00010001'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

function generate(random: Random): Example {
  const questions = random.below(12)
  const answers = random.oneIn(3) ? random.below(14) : questions
  const bytes = frame(
    random.list(answers, () => random.pick(random.oneIn(3) ? REPLIES : REPLIES.slice(0, 3))),
  )
  return { chunks: cutAnywhere(random, random.oneIn(3) ? mutateBytes(random, bytes) : bytes), questions }
}

async function check({ chunks, questions }: Example): Promise<void> {
  const output = new PassThrough()
  const client = new Client(new PassThrough().resume(), output)
  const asked = Array.from({ length: questions }, () => client.isuser('alice', 'x').catch(codeOf))
  for (const chunk of chunks) output.write(chunk)
  output.end()
  const { bodies } = splitFrames(Buffer.concat(chunks))
  const missing = bodies.length < questions ? 'ERR_PROGRAM_ENDED' : undefined
  const expected = Array.from({ length: questions }, (_, index) => meaningOf(bodies[index]) ?? missing)
  assert.deepEqual(await Promise.all(asked), expected)
}

function meaningOf(body: Buffer | undefined): boolean | string | undefined {
  if (body === undefined) return undefined
  const [first, second] = body
  const isReply = body.length === 2 && first === 0 && (second === 0 || second === 1)
  return isReply ? second === 1 : 'ERR_UNEXPECTED_REPLY'
}

function codeOf(error: unknown): string {
  if (error instanceof ExtauthError) return error.code
  throw error
}

function show({ chunks, questions }: Example): string {
  return `${questions} questions, and ${chunks.map((chunk) => chunk.toString('hex')).join(' | ')}`
}
