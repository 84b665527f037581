import { strict as assert } from 'node:assert'
import { escapeName, unescapeName } from '../../../src/combinations/jid-escaping.ts'
import { makeText, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

type Example = readonly [name: string, other: string]

/** Names with an `@`, as XEP-0106 writes them. */
export const jidEscaping: Target = {
  name: 'jid-escaping',
  unit: 'cases',
  share: 1,
  count: 3000,
  run: property({ generate, check, show: (example) => JSON.stringify(example) }),
}

function generate(random: Random): Example {
  const text = random.oneIn(2)
    ? makeText(random)
    : `a${random.pick(['\\40', '\\5c', '\\20', '\\5c40', '@', ' '])}b`
  return [text, random.oneIn(2) ? escapeName(mutateText(random, text)) : mutateText(random, escapeName(text))]
}

function check([name, local]: Example): void {
  const escaped = escapeName(name)
  assert.doesNotMatch(escaped, /[ "&'/:<>@]/)
  if (!/^ | $/.test(name)) assert.equal(unescapeName(escaped), name)
  // Two local parts are never the same name: one of them could log in as the other.
  const unescaped = unescapeName(local)
  if (unescaped !== undefined) assert.equal(escapeName(unescaped), local)
}
