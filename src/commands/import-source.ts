/**
 * What `account import` reads: a file of lines, a dump of ejabberd, or the data directory of Prosody.
 *
 * @module
 */
import { open } from 'node:fs/promises'
import { addAbortSignal } from 'node:stream'
import { readEntries, readProsodyEntries, type Sourced } from '../accounts/entries.ts'
import { readProsodyFiles } from '../accounts/prosody.ts'
import { UsageError } from '../errors.ts'
import type { Io } from './io.ts'

/** Reads the accounts, those of one server only where the source names servers; stops when the signal is aborted. */
export type Source = (server: string | undefined, signal: AbortSignal) => AsyncIterable<Sourced>

/** Opens FILE of `account import FILE`; the files of a directory are read at once, as whoever runs the command. */
export async function openSource(words: readonly string[], io: Io): Promise<Source> {
  const [file, ...rest] = words
  if (file === undefined || rest.length > 0) {
    throw new UsageError(`Expected account import FILE, or - for standard input, got ${words.length} words`)
  }
  if (file === '-') return (server, signal) => readEntries(addAbortSignal(signal, io.stdin), server)
  return openFile(file)
}

async function openFile(file: string): Promise<Source> {
  const cannot = (cause: unknown) =>
    new UsageError(
      `Expected ${file} to be a file that can be read, got ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  const handle = await open(file).catch((cause) => {
    throw cannot(cause)
  })
  if (!(await handle.stat()).isDirectory()) {
    const stream = handle.createReadStream()
    return (server, signal) => readEntries(addAbortSignal(signal, stream), server)
  }
  await handle.close()
  try {
    return openDirectory(file)
  } catch (cause) {
    throw cause instanceof UsageError ? cause : cannot(cause)
  }
}

function openDirectory(directory: string): Source {
  const files = readProsodyFiles(directory)
  if (files.length > 0) return (server) => readProsodyEntries(files, server)
  throw new UsageError(
    `Expected ${directory} to be a file, or the data directory of Prosody with HOST/accounts/USER.dat in it, got a ` +
      'directory without such files',
  )
}
