/**
 * What an administrator's module exports, looked at before anything is asked of it.
 *
 * @module
 */
import { HandlersError } from './errors.ts'
import type { Handlers } from './handlers.ts'
import { nearestOf } from './nearest.ts'
import { typeName } from './reason.ts'
import { OPERATIONS } from './request.ts'

/**
 * Checks at run time what the type says.
 *
 * @throws {HandlersError} If there is no handler in it, one that is no function, or a name that is nearly one.
 */
export function checkHandlers(value: unknown): Handlers {
  if (typeof value !== 'object' || value === null) {
    throw new HandlersError(`expected the default export to be handlers, found ${typeName(value)}`)
  }
  const members = new Map<string, unknown>(
    [...OPERATIONS, 'close'].map((name) => [name, Reflect.get(value, name)]),
  )
  for (const [name, member] of members) {
    if (member !== undefined && typeof member !== 'function') {
      throw new HandlersError(`expected the handler ${name} to be a function, found ${typeName(member)}`)
    }
  }
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'function' || members.has(name)) continue
    const nearest = nearestOf(name.toLowerCase().replaceAll('_', ''), [...members.keys()], 1)
    // With the right name there as well, it is a function of the administrator's own.
    if (nearest !== undefined && members.get(nearest) === undefined) {
      throw new HandlersError(`there is no operation ${name}: write ${nearest}`)
    }
  }
  if ([...OPERATIONS].every((name) => members.get(name) === undefined)) {
    throw new HandlersError(`expected at least one handler (${[...OPERATIONS].join(', ')}), found none`)
  }
  return value
}
