/**
 * A file of the administrator's to handlers.
 *
 * @module
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HandlersError } from './errors.ts'
import type { Handlers } from './handlers.ts'
import { checkHandlers } from './handlers-check.ts'
import { whyNotLoaded } from './module-failure.ts'
import { renewed } from './module-renewal.ts'

/**
 * Imports an ES module whose default export is {@link Handlers}, or a function, sync or async, that returns them.
 *
 * Each call runs the module anew, and with it every module that it imports by a relative path: mended code is
 * picked up. Packages and CommonJS modules are loaded once in the life of a process.
 *
 * @param file A path, absolute or relative to the working directory.
 * @throws {HandlersError} If it cannot be loaded, or exports something else; the message names the file.
 */
export async function importHandlers(file: string): Promise<Handlers> {
  const url = renewed(pathToFileURL(resolve(file)))
  try {
    const exported: { default?: unknown } = await import(url.href)
    const value = exported.default
    return checkHandlers(typeof value === 'function' ? await value() : value)
  } catch (cause) {
    throw new HandlersError(`${file}: ${await whyNotLoaded(cause, url)}`, { cause })
  }
}
