import { strict as assert } from 'node:assert'
import { HashError, MissingPackageError } from '../../../src/errors.ts'
import type { PasswordFormats } from '../../../src/passwords/formats.ts'
import { checkHash, isLocked, looksLikeHash, verifyPassword } from '../../../src/passwords/registry.ts'
import { ALL_WEAK, type Vector } from '../../passwords/support.ts'
import { processorTime } from '../effort.ts'
import { HASHES } from '../hashes.ts'
import { makeText, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** What is stored for a user, and what has become of it. */
interface Example {
  readonly vector: Vector
  readonly hash: string
  readonly formats: PasswordFormats
}

/** Stored hashes, damaged and made up, to yes, no, or an error that says nothing of them. */
export const hashes: Target = {
  name: 'hashes',
  unit: 'cases',
  share: 10,
  count: 100,
  run: property({ generate, check, show: (example) => JSON.stringify(example, null, 2) }),
}

/** What was never anybody's password. In ASCII, or $2x$ would have no answer. */
const NOBODYS = 'troub4dor&3'

function generate(random: Random): Example {
  const vector = random.pick(HASHES)
  const weak = random.pick([ALL_WEAK, ALL_WEAK.slice(1), []])
  return {
    vector,
    hash: random.oneIn(6)
      ? makeHash(random)
      : random.oneIn(20)
        ? vector.hash
        : mutateText(random, vector.hash),
    formats: { ...vector.formats, ...(random.oneIn(4) ? { weak } : {}) },
  }
}

/** The beginning of one, the end of another one, anything, very long, or very costly. */
function makeHash(random: Random): string {
  if (random.oneIn(3)) return random.pick(COUNTED).replace(COUNT, () => random.pick(COUNTS))
  const [one, other] = [random.pick(HASHES).hash, random.pick(HASHES).hash]
  const joined = one.slice(0, random.below(one.length + 1)) + other.slice(random.below(other.length + 1))
  const text = random.pick([joined, one + other, makeText(random), one.replaceAll('$', '$$$$')])
  return random.oneIn(20) ? text.repeat(random.between(1, 500)).slice(0, 65_536) : text
}

/** The rounds, the memory and the like in a hash. */
const COUNT = /(?<=[=$:,}])\d+(?=[$,:])/
const COUNTED = HASHES.map(({ hash }) => hash).filter((hash) => COUNT.test(hash))
/** Few and many, also so many that a server would be busy for hours. */
const COUNTS = ['0', '1', '007', '99', '4096', '65536', '10000000', '2147483648', '9'.repeat(20), '-1', '1e9']

/** Most time of a processor that may be spent, in milliseconds: a login has five seconds, a look has not. */
const MOST = { look: 500, verification: 10_000 }

async function check({ vector, hash, formats }: Example): Promise<void> {
  const isIntact = hash === vector.hash && formats.weak === vector.formats?.weak
  const time = processorTime()
  looksLikeHash(hash)
  isLocked(hash)
  const refusal = await checkHash(hash, formats).then(
    () => undefined,
    (error) => error,
  )
  assert.ok(time() < MOST.look, `a look took ${time()} ms`)
  if (isIntact) assert.equal(refusal, undefined)
  if (refusal !== undefined) checkRefusal(refusal, hash)

  const verify = async (password: string): Promise<unknown> => {
    const time = processorTime()
    const verified = await verifyPassword(hash, password, undefined, formats).catch(checkedRefusal)
    assert.ok(time() < MOST.verification, `a verification took ${time()} ms`)
    return verified
  }
  const checkedRefusal = (error: unknown) => {
    checkRefusal(error, hash)
    return 'refused'
  }
  assert.equal(await verify(NOBODYS), refusal === undefined ? hash === NOBODYS : 'refused')
  if (!isIntact) return
  assert.equal(await verify(vector.password), true)
  assert.equal(await verify(`x${vector.password}`), false)
}

function checkRefusal(error: unknown, hash: string): void {
  if (!(error instanceof HashError || error instanceof MissingPackageError)) throw error
  // Salts and digests are long; names and numbers may be told.
  const pieces = (hash.match(/[A-Za-z0-9+/.]{16,}/g) ?? []).filter((piece) => /[^0-9]/.test(piece))
  for (const piece of pieces) assert.ok(!error.message.includes(piece), 'an error quotes a hash')
}
