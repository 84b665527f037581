import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import { HandlersError } from '../../../src/errors.ts'
import { checkHandlers } from '../../../src/handlers-check.ts'
import { OPERATIONS } from '../model.ts'
import { makeText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** What handlers modules export. */
export const handlersShapes: Target = {
  name: 'handlers',
  unit: 'cases',
  share: 2,
  count: 2000,
  run: property({ generate, check, show: (value: unknown) => inspect(value, { depth: 3 }) }),
}

/** Names that are nearly those of operations, and which one is meant. */
const SLIPS: Readonly<Record<string, string>> = {
  Auth: 'auth',
  auht: 'auth',
  is_user: 'isuser',
  isUser: 'isuser',
  setPass: 'setpass',
  tryregistr: 'tryregister',
  remove_user: 'removeuser',
  removeUsers: 'removeuser',
  Close: 'close',
}
const STRANGERS = ['log', 'default', 'handlers', 'toString', 'x', 'authenticate', 'password']

function generate(random: Random): unknown {
  if (random.oneIn(10))
    return random.pick([undefined, null, 1, 'auth', [], {}, true, Symbol('x'), [() => true], new Map()])
  const names = random.list(random.below(6), () =>
    random.pick(
      random.oneIn(4) ? [...Object.keys(SLIPS), ...STRANGERS, makeText(random)] : [...OPERATIONS, 'close'],
    ),
  )
  const member = () => (random.oneIn(8) ? random.pick([undefined, null, true, {}, 'x', 0]) : () => true)
  const own = Object.fromEntries(names.map((name) => [name, member()]))
  return random.oneIn(4) ? Object.assign(Object.create({ auth: member() }), own) : own
}

function check(value: unknown): void {
  let seen: unknown
  try {
    seen = checkHandlers(value)
  } catch (error) {
    if (!(error instanceof HandlersError)) throw error
  }
  if (isUnclear(value)) return
  assert.equal(seen, isGood(value) ? value : undefined)
}

/** A name that nobody has thought of may be near another one. */
function isUnclear(value: unknown): boolean {
  const known = [...OPERATIONS, 'close', ...Object.keys(SLIPS), ...STRANGERS]
  return (
    typeof value === 'object' && value !== null && Object.keys(value).some((name) => !known.includes(name))
  )
}

function isGood(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const member = (name: string) => (value as Record<string, unknown>)[name]
  const known = [...OPERATIONS, 'close'].map(member)
  if (!known.every((each) => each === undefined || typeof each === 'function')) return false
  if (OPERATIONS.every((name) => member(name) === undefined)) return false
  return Object.entries(SLIPS).every(
    ([slip, name]) =>
      !Object.hasOwn(value, slip) || typeof member(slip) !== 'function' || member(name) !== undefined,
  )
}
