import { byServer } from '../../src/combinations/by-server.ts'
import { firstOf } from '../../src/combinations/first-of.ts'
import { mapUser } from '../../src/combinations/map-user.ts'
import { readOnly } from '../../src/combinations/read-only.ts'
import { remember } from '../../src/combinations/remember.ts'
import { slowDown } from '../../src/combinations/slow-down.ts'
import type { Handlers, Operation } from '../../src/handlers.ts'
import { PASSWORD, testBackend } from '../backends/contract.ts'
import { memoryStore } from './support.ts'

const ALL: readonly Operation[] = ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser']

/** A combination keeps what its members promise. */
const conforms = (
  name: string,
  combine: (handlers: Handlers) => Handlers,
  user = 'alice',
  operations: readonly Operation[] = ALL,
) =>
  testBackend({
    name,
    operations,
    setUp: async () => {
      const store = memoryStore([user, PASSWORD])
      const { stop, restart, stall } = store
      return {
        handlers: combine(store.handlers),
        stop: async () => stop(),
        restart: async () => restart(),
        stall,
      }
    },
  })

conforms('byServer', (handlers) => byServer({ 'example.org': handlers }))
conforms('firstOf, with the store first', (handlers) =>
  firstOf(handlers, memoryStore(['dave', 'd']).handlers),
)
conforms('firstOf, with the store last', (handlers) =>
  firstOf(readOnly(memoryStore(['dave', 'd']).handlers), handlers),
)
conforms('readOnly', readOnly, 'alice', ['auth', 'isuser'])
conforms('mapUser', (handlers) => mapUser(handlers, 'jid'), 'alice@example.org')
conforms('remember', (handlers) => remember(handlers))
conforms('remember in an outage', (handlers) => remember(handlers, { allowed: 0, outage: 60_000 }))
conforms('slowDown', (handlers) => slowDown(handlers, { after: 100 }))
