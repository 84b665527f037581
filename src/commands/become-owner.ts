/**
 * Root does not work on somebody else's files.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasCode, reportingSync } from '../accounts/failure.ts'

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
  try {
    process.setgroups?.([owner.gid])
  } catch (error) {
    if (!hasCode(error, 'ERR_INVALID_STATE')) throw error
    process.exit(runAs(owner))
  }
  process.setgid?.(owner.gid)
  process.setuid?.(owner.uid)
}

/**
 * Runs this very command in a process of the owner's, where Node.js does not let this one become the owner: that of
 * Debian 13 never does (CVE-2024-22017). A file that only root can read is out of reach there, but on standard input.
 */
function runAs({ uid, gid }: { uid: number; gid: number }): number {
  const command = [...process.execArgv, ...process.argv.slice(1)]
  const { status, error } = spawnSync(process.execPath, command, { uid, gid, stdio: 'inherit' })
  if (error !== undefined) throw error
  return status ?? 1
}

/** Of a symbolic link to something of root's, it counts who made the link. */
function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const target = statSync(path, { throwIfNoEntry: false })
  return target?.uid === 0 ? lstatSync(path, { throwIfNoEntry: false }) : target
}
