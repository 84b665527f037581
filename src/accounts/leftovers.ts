/**
 * What processes left behind that were killed in the middle of a write.
 *
 * @module
 */

import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { discard, UNFINISHED } from './files.ts'

/** No write takes that long, in milliseconds: whatever is older belongs to nobody any more. */
const ABANDONED_AFTER = 10 * 60 * 1000

/** Deletes what was begun in a directory and abandoned. Never fails: it is not what somebody asked for. */
export async function sweep(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    const path = join(directory, name)
    if (name.startsWith(UNFINISHED) && (await isAbandoned(path))) await discard(path)
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_AFTER
}
