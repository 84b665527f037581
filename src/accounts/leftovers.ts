/**
 * What processes left behind that were killed in the middle of a write.
 *
 * @module
 */

import { lstat, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { discard, UNFINISHED, unfinishedName } from './files.ts'

/** No write takes that long, in milliseconds: whatever is older belongs to nobody any more. */
const ABANDONED_AFTER = 10 * 60 * 1000

/** Deletes what was begun in a directory and abandoned. Never fails: it is not what somebody asked for. */
export async function sweep(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    const path = join(directory, name)
    if (name.startsWith(UNFINISHED) && (await isAbandoned(path))) await clear(path, directory)
  }
}

async function clear(path: string, directory: string): Promise<void> {
  // Under a name that only we know: its writer may have been suspended, and must not put in place what we have
  // half deleted.
  const claimed = join(directory, unfinishedName())
  const isOurs = await rename(path, claimed).then(
    () => true,
    () => false,
  )
  if (isOurs) await discard(claimed)
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_AFTER
}
