/**
 * Root does not work on somebody else's files.
 *
 * @module
 */

import { lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { reportingSync } from '../accounts/failure.ts'

/**
 * Makes a process of root one of the owner of an account store, or of the directory that it is going to be in.
 *
 * The owner could have put a symbolic link anywhere in the store, and root would follow it: overwrite, delete or
 * print what the owner has no right to. Besides, what root makes would lock the owner out. Whoever is not root
 * stays who they are, and there is no way back to root.
 */
export function becomeOwner(directory: string): void {
  if (process.geteuid?.() !== 0) return
  const owner = reportingSync(
    `find the owner of ${directory}`,
    () => ownerOf(directory) ?? ownerOf(dirname(directory)),
  )
  if (owner === undefined || owner.uid === 0) return
  process.setgroups?.([owner.gid])
  process.setgid?.(owner.gid)
  process.setuid?.(owner.uid)
}

/** Of a symbolic link to something of root's, it counts who made the link. */
function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const target = statSync(path, { throwIfNoEntry: false })
  return target?.uid === 0 ? lstatSync(path, { throwIfNoEntry: false }) : target
}
