/**
 * From what is imported to accounts, one after the other.
 *
 * @module
 */
import { createDumpReader, isDump } from './ejabberd-dump.ts'
import { type Entry, parseLine } from './lines.ts'
import { type ProsodyFile, parseProsodyFile } from './prosody.ts'
import { readLines } from './read-lines.ts'

/** What one place of the source says: an account, the reason why it cannot be taken, or nothing. */
export interface Sourced {
  /** For people: `line 5`, or the path of a file. */
  readonly place: string
  readonly entry: Entry | string | undefined
}

/**
 * Reads lines, or a dump of ejabberd.
 *
 * @param server The lines are those of an htpasswd file, and the accounts belong to this server; of a dump, only its
 * accounts are wanted.
 */
export async function* readEntries(
  source: AsyncIterable<Uint8Array>,
  server?: string,
): AsyncGenerator<Sourced> {
  let read = (line: string | undefined) =>
    line === undefined ? Promise.resolve(NO_TEXT) : parseLine(line, server)
  for await (const { number, text } of readLines(source)) {
    if (number === 1 && isDump(text ?? '')) read = createDumpReader(server)
    yield { place: `line ${number}`, entry: await read(text) }
  }
}

const NO_TEXT: Entry | string | undefined = 'Expected a line of text in UTF-8, got something else'

/** Reads the files of Prosody, or those of one server. */
export async function* readProsodyEntries(
  files: readonly ProsodyFile[],
  server?: string,
): AsyncGenerator<Sourced> {
  for (const file of files) {
    if (server !== undefined && server !== file.server) continue
    yield { place: file.path, entry: await parseProsodyFile(file) }
  }
}
