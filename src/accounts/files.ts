/**
 * Files and directories that are whole, private and on the disk before anybody sees them.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from './failure.ts'

/** A directory to be: what is in it, text for a file and `null` for an empty directory. */
export type Contents = Readonly<Record<string, string | null>>

/** The beginning of the names of what is not finished, or not quite gone. */
export const UNFINISHED = '.unfinished-'

/** A name that nobody else has, for something that is renamed when it is finished. */
export function unfinishedName(): string {
  return UNFINISHED + randomBytes(12).toString('hex')
}

/**
 * Makes a directory with its contents in `staging` and renames it to `target`, whole.
 *
 * Returns `false`, and leaves nothing behind, if there is something at the target already. Rejects, and leaves
 * nothing behind, if `signal` was aborted meanwhile. Does not flush the directory that the target is in.
 */
export async function placeDirectory(
  staging: string,
  target: string,
  contents: Contents,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = join(staging, unfinishedName())
  try {
    await makeDirectory(path, contents)
    signal?.throwIfAborted()
    await rename(path, target)
    return true
  } catch (error) {
    await discard(path)
    // Linux says ENOTEMPTY or EEXIST, depending on the file system: a rename replaces an empty directory only.
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

/** Writes a file beside the target and renames it over it, unless `signal` was aborted. Does not flush the directory. */
export async function placeFile(target: string, text: string, signal?: AbortSignal): Promise<void> {
  const path = join(dirname(target), unfinishedName())
  try {
    await makeFile(path, text)
    // On a slow disk whoever asked may have been told by now that it failed.
    signal?.throwIfAborted()
    await rename(path, target)
  } catch (error) {
    await discard(path)
    throw error
  }
}

/** Flushes a directory: what was renamed in it stays so when the power fails. */
export async function syncDirectory(path: string): Promise<void> {
  await withHandle(await open(path, constants.O_RDONLY | constants.O_DIRECTORY), (handle) => handle.sync())
}

/** Deletes a file or a whole directory as far as possible; what remains is swept up later. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined)
}

async function makeDirectory(path: string, contents: Contents): Promise<void> {
  await mkdir(path, 0o700)
  // The umask may have taken rights away, even the owner's own.
  await chmod(path, 0o700)
  for (const [name, text] of Object.entries(contents)) {
    await (text === null ? makeDirectory(join(path, name), {}) : makeFile(join(path, name), text))
  }
  await syncDirectory(path)
}

async function makeFile(path: string, text: string): Promise<void> {
  await withHandle(await open(path, 'wx', 0o600), async (handle) => {
    await handle.chmod(0o600)
    await handle.writeFile(text)
    await handle.sync()
  })
}

async function withHandle(handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(handle)
  } finally {
    await handle.close()
  }
}
