import { execFileSync, spawnSync } from 'node:child_process'
import { lchownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The system account that ejabberd and the program run as. */
export interface SystemAccount {
  name: string
  /** For `spawn`; empty if it is the account that runs the tests. */
  ids: { uid: number; gid: number } | Record<string, never>
}

/** `ejabberd` when the tests run as root, otherwise whoever runs them. */
export function systemAccount(): SystemAccount {
  const id = (...args: string[]) => execFileSync('id', args, { encoding: 'utf8' }).trim()
  if (process.getuid?.() !== 0) return { name: id('-un'), ids: {} }
  return { name: 'ejabberd', ids: { uid: Number(id('-u', 'ejabberd')), gid: Number(id('-g', 'ejabberd')) } }
}

/** Makes a file or folder, and what is in it, the property of the account. */
export function giveTo({ ids }: SystemAccount, path: string): void {
  if (ids.uid === undefined || ids.gid === undefined) return
  lchownSync(path, ids.uid, ids.gid)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) giveTo({ name, ids }, join(path, name))
}

/** Can the account run this file? */
export function canRun({ ids }: SystemAccount, file: string, ...args: string[]): boolean {
  return spawnSync(file, args, { ...ids, cwd: '/' }).status === 0
}
