import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UNFINISHED } from '../../src/accounts/files.ts'
import type { Ledger } from './ledger.ts'
import { MARK } from './questions.ts'

/** What was begun in an account store and not finished. */
export function unfinishedIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => basename(name).startsWith(UNFINISHED))
    .map((name) => join(directory, name))
}

/** Reads the log of a worker, and complains of errors and of passwords in it. */
export function complainOfErrors(
  ledger: Ledger,
  whose: string,
  file: string,
  isExpected: (line: string) => boolean = () => false,
): void {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.includes(MARK)) ledger.complain(`${whose} has logged a password`)
    if (line.includes(' level=error ') && !isExpected(line)) ledger.complain(`${whose} has logged: ${line}`)
  }
}
