import { strict as assert } from 'node:assert'
import { dirname, join, normalize } from 'node:path'
import { decodeName, encodeName, isDigest } from '../../../src/accounts/names.ts'
import { makeText, mutateText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

type Example = readonly [name: string, other: string, file: string]

/** Names of users and servers to names of files, and back. */
export const names: Target = {
  name: 'names',
  unit: 'cases',
  share: 2,
  count: 1000,
  run: property({ generate, check, show: (example) => JSON.stringify(example) }),
}

function generate(random: Random): Example {
  // ejabberd sends UTF-8: half of a surrogate pair is not in it.
  const name = wellFormed(makeText(random, 40))
  const other = wellFormed(mutateText(random, name))
  return [name, other, random.oneIn(2) ? mutateText(random, encodeName(name)) : makeText(random)]
}

function check([name, other, file]: Example): void {
  const encoded = encodeName(name)
  assert.equal(dirname(normalize(join('/store', encoded))), '/store', 'it leaves its directory')
  assert.ok(encoded !== '.' && encoded !== '..' && !encoded.startsWith('.'), 'it is hidden')
  assert.match(encoded, /^[\x21-\x7e]{1,255}$/, 'no file can be called that')
  if (isDigest(encoded)) assert.ok(Buffer.byteLength(name) > 85, 'it is not too long')
  else assert.equal(decodeName(encoded), name)
  if (name !== other)
    assert.notEqual(encodeName(other).toLowerCase(), encoded.toLowerCase(), 'two names are one')
  // A file that somebody has put there is that of a name, or of none.
  const found = decodeName(file)
  if (found !== undefined) assert.equal(encodeName(found), file)
}
