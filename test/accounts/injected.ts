/** Stand-ins for functions of the file system, for as long as a test runs. */

import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { relative } from 'node:path'
import type { TestContext } from 'node:test'

/** Puts something in the place of a function of `node:fs/promises`; it is handed the original. */
export function inject<Name extends 'open' | 'rename' | 'rm'>(
  t: TestContext,
  name: Name,
  wrap: (original: (typeof promises)[Name]) => (typeof promises)[Name],
): void {
  const original = promises[name]
  promises[name] = wrap(original)
  syncBuiltinESMExports()
  t.after(() => {
    promises[name] = original
    syncBuiltinESMExports()
  })
}

/** From now on keeps the names, in a directory, of what is flushed. What is random in them is `*`. */
export function recordSyncs(t: TestContext, directory: string): string[] {
  const syncs: string[] = []
  inject(t, 'open', (original) => async (path, ...rest) => {
    const handle = await original(path, ...rest)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      await sync()
      syncs.push(relative(directory, String(path)).replaceAll(/\.unfinished-[0-9a-f]+/g, '*'))
    }
    return handle
  })
  return syncs
}
