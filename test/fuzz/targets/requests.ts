import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import { Frame } from '../../../src/frame.ts'
import { parseRequest } from '../../../src/request.ts'
import { askedOf, MARK, WORDS } from '../behaviours.ts'
import { OPERATIONS, operationOf, readRequest } from '../model.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { makeBody, makeLargeBody, userFrom } from '../traffic.ts'

/** Any bytes in a frame, to a request or to a reason that is none of their words. */
export const requests: Target = {
  name: 'requests',
  unit: 'cases',
  share: 5,
  count: 5000,
  run: property({
    generate,
    check,
    show: (body) => inspect(body.toString('latin1'), { maxStringLength: 1000 }),
  }),
}

function generate(random: Random): Buffer {
  const user = userFrom([...WORDS.atOnce, ...WORDS.others])
  const body = random.oneIn(2000) ? makeLargeBody(random, user) : makeBody(random, user)
  return random.oneIn(2) ? mutateBytes(random, body) : body
}

/** All that can be wrong with a frame. */
const REASON =
  /^(empty frame|unknown operation in a frame of \d+ bytes|user and server are missing|not valid UTF-8|unexpected bytes after the server|(user|server|password|certificate) is (missing|empty))$/

function check(body: Buffer): void {
  const expected = readRequest(body)
  const bytes = Buffer.from(body)
  const parsed = parseRequest(Frame.of(bytes))
  // The bytes are those of a chunk, and the chunk is used again.
  bytes.fill(0xaa)
  if ('reason' in parsed) {
    assert.equal(expected, undefined)
    assert.match(parsed.reason, REASON)
    const operation = operationOf(body)
    assert.equal(parsed.operation, OPERATIONS.includes(operation) ? operation : undefined)
    return
  }
  assert.deepEqual(askedOf(parsed), expected)
  const printed =
    inspect(parsed, { showHidden: true }) + JSON.stringify({ ...parsed }) + JSON.stringify(parsed)
  assert.ok(
    !printed.includes(MARK) || `${expected?.user} ${expected?.server}`.includes(MARK),
    'it shows its password',
  )
}
