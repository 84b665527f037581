/** What killed processes have left behind in a store. */
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UNFINISHED } from '../../../src/accounts/files.ts'

/** Everything in a store, as paths below it. */
export function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort()
}

/** What is not finished, or not quite gone. */
export function leftovers(directory: string): string[] {
  return files(directory).filter((path) => basename(path).startsWith(UNFINISHED))
}

/** Makes all of it so old that it belongs to nobody any more. */
export function abandon(directory: string): void {
  for (const path of leftovers(directory)) utimesSync(join(directory, path), 0, 0)
}

/** Leaves behind, in a folder of a store, an account that was never finished, and a file. */
export function leaveBehind(folder: string): void {
  mkdirSync(join(folder, `${UNFINISHED}account`))
  writeFileSync(join(folder, `${UNFINISHED}account`, 'password'), 'half of a ha')
  writeFileSync(join(folder, `${UNFINISHED}file`), 'half of a ha')
}
