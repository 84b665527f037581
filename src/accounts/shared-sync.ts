/**
 * One flush for many: an import makes thousands of accounts in the same directory.
 *
 * @module
 */

import { syncDirectory } from './files.ts'

/** Makes a function that flushes a directory, once for all who ask for it while a flush is under way. */
export function createSharedSync(): (path: string) => Promise<void> {
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()

  return (path) => {
    const shared = waiting.get(path)
    if (shared !== undefined) return shared
    // What is under way may have begun before our rename: wait for it, then begin one that has not.
    const previous = running.get(path) ?? Promise.resolve()
    const next = previous.catch(() => undefined).then(() => begin(path))
    waiting.set(path, next)
    return next
  }

  function begin(path: string): Promise<void> {
    waiting.delete(path)
    const flush = syncDirectory(path).finally(() => {
      if (running.get(path) === flush) running.delete(path)
    })
    running.set(path, flush)
    return flush
  }
}
