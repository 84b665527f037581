/**
 * Where the answers come from.
 *
 * @module
 */
import type { Handlers } from '../handlers.ts'
import { importHandlers } from '../handlers-module.ts'
import type { Options } from './options.ts'

/**
 * Loads what the options name: a handlers module, or the account store, which is also meant when nothing is named.
 *
 * @throws {HandlersError} If the module cannot be loaded.
 * @throws {StoreError} If the store cannot be used.
 */
export async function loadHandlers(options: Options): Promise<Handlers> {
  // A worker starts with what it needs and no more: there may be many of them.
  if (options.handlers !== undefined) return importHandlers(options.handlers)
  const { accounts } = await import('../backends/accounts.ts')
  const { AccountStore, DEFAULT_DIRECTORY } = await import('../accounts/store.ts')
  const directory = options.accounts ?? DEFAULT_DIRECTORY
  // Told at the start and not to the first user.
  new AccountStore(directory).check()
  // Shorter than the deadline, so that the reason stands in the line of the request.
  return accounts({ directory, patience: options.timeout * 0.8 })
}
