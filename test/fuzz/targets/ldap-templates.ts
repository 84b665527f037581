import { strict as assert } from 'node:assert'
import { type Filter, FilterParser } from 'ldapts'
import { escapeDnValue, escapeFilterValue, isOneSpelling } from '../../../src/backends/ldap/names.ts'
import { fill, hasOnly, isDn, isFilter, mentions } from '../../../src/backends/ldap/template.ts'
import { processorTime } from '../effort.ts'
import { makeText, mutateText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** A template, a name from a stranger, and a template that is perhaps none. */
interface Example {
  readonly filter: string
  readonly dn: string
  readonly user: string
  readonly damaged: string
}

/** Filters and distinguished names with names from strangers in them. */
export const ldapTemplates: Target = {
  name: 'ldap-templates',
  unit: 'cases',
  share: 3,
  count: 500,
  run: property({ generate, check, show: (example) => JSON.stringify(example, null, 2) }),
}

const FILTERS = [
  '(uid=%u)',
  '(&(objectClass=inetOrgPerson)(uid=%u))',
  '(|(mail=%j)(uid=%u)(!(cn=x%ux)))',
  '(&(cn=*)(|(uid=%u*)(uid=*%u*)(uid>=%u)(uid<=%u)(uid~=%u)))',
  '(&(cn=100%%)(uid:dn:2.5.13.2:=%u))',
  '(uid=%u@%d)',
]
const DNS = ['uid=%u,ou=people,dc=example,dc=org', 'cn=%j', 'uid=%u+cn=%%u,dc=%d', 'cn=a\\,%u\\+b']

function generate(random: Random): Example {
  const filter = random.pick(FILTERS)
  const dn = random.pick(DNS)
  return {
    filter,
    dn,
    user: wellFormed(makeText(random, 20)) || 'x',
    damaged: mutateText(random, random.pick([filter, dn])),
  }
}

/** Most time of a processor that a look may take, in milliseconds. */
const MOST = 500

function check({ filter, dn, user, damaged }: Example): void {
  const values = { u: user, d: 'example.org', j: `${user}@example.org` }
  const filled = fill(filter, values, escapeFilterValue)
  const plain = fill(filter, { u: 'U', d: 'example.org', j: 'U@example.org' }, (value) => value)
  assert.ok(isFilter(filled), 'it is no filter any more')
  // Whoever parses it finds the same as with a harmless name, which is then put in the place of the other.
  const expected = JSON.stringify(shapeOf(FilterParser.parseString(plain)), (_key, value) =>
    typeof value === 'string' ? value.replaceAll('U', () => user) : value,
  )
  assert.equal(JSON.stringify(shapeOf(FilterParser.parseString(filled))), expected)

  const named = fill(dn, values, escapeDnValue)
  assert.deepEqual(
    splitDn(named),
    splitDn(fill(dn, { u: 'U', d: 'example.org', j: 'U@example.org' }, (value) => value)).map((part) =>
      part.map((text) => text.replaceAll('U', () => user)),
    ),
  )
  assert.ok(isDn(named), 'it is no name any more')

  const time = processorTime()
  isOneSpelling(user)
  isDn(damaged)
  const isGood = isFilter(damaged) && hasOnly(damaged, 'u', 'd', 'j') && mentions(damaged, 'u')
  assert.ok(time() < MOST, `it took ${time()} ms`)
  if (isGood) FilterParser.parseString(fill(damaged, values, escapeFilterValue))
}

/** The parser writes what is in a filter into properties, some of which are of no interest. */
function shapeOf(filter: Filter): unknown {
  return JSON.parse(JSON.stringify(filter))
}

/** Takes a distinguished name apart as RFC 4514 says, character by character: types and values in turn. */
function splitDn(dn: string): string[][] {
  const parts: string[][] = [['']]
  const last = () => parts.at(-1) as string[]
  for (const [token, hex, escaped] of dn.matchAll(/\\([0-9a-f]{2})|\\(.)|./gsu)) {
    if (token === ',' || token === '+') parts.push([''])
    else if (token === '=' && last().length === 1) last().push('')
    else if (token === ' ' && last().at(-1) === '') continue
    else
      last().push(
        `${last().pop()}${hex === undefined ? (escaped ?? token) : String.fromCharCode(Number.parseInt(hex, 16))}`,
      )
  }
  if (/(?<!\\) $/.test(dn)) throw new Error('a space at its end is lost')
  return parts
}
