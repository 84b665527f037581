/**
 * The directory that the accounts of one server are in.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { placeDirectory, syncDirectory } from './files.ts'
import { sweep } from './leftovers.ts'
import { encodeName, isDigest } from './names.ts'
import { checkMode } from './root.ts'

/** Where accounts are while they are made or removed, inside the directory of their server. */
export const STAGING = '.tmp'

/** Makes the directory of a server unless it is there, and tidies what killed processes left there. */
export async function openServerDirectory(directory: string, server: string): Promise<void> {
  const path = join(directory, encodeName(server))
  const staging = join(path, STAGING)
  if (!exists(staging)) {
    const placed = await placeDirectory(directory, path, { [STAGING]: null, ...nameFile('.name', server) })
    // A directory that somebody made by hand.
    if (!placed) await placeDirectory(path, staging, {})
  }
  checkMode(path, statSync(path).mode)
  // Also if it was there: whoever made it may not have come that far.
  await syncDirectory(path)
  await syncDirectory(directory)
  await sweep(directory)
  await sweep(staging)
}

/** The file that a name is kept in if the name of its directory cannot tell it. */
export function nameFile(file: string, name: string): Record<string, string> {
  return isDigest(encodeName(name)) ? { [file]: name } : {}
}

/** Is there something? Unlike `existsSync` it throws if that cannot be found out. */
export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
