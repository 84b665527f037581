/**
 * Bytes to lines.
 *
 * @module
 */

/** One line, without its end (LF or CRLF). */
export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** `undefined` if the line is not UTF-8 or longer than 128 KiB. */
  readonly text: string | undefined
}

/** A password fits into 64 KiB; what is longer is not a file of lines, and is not kept in memory. */
const MOST_BYTES = 128 * 1024

/** Cuts bytes into lines as they come. A byte order mark at the beginning is dropped. */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 0
  let parts: Uint8Array[] = []
  let length = 0
  const keep = (part: Uint8Array) => {
    length += part.length
    if (length <= MOST_BYTES) parts.push(part)
  }
  const take = (): Line => {
    const text = length <= MOST_BYTES ? decode(Buffer.concat(parts)) : undefined
    number++
    parts = []
    length = 0
    return { number, text: number === 1 ? text?.replace(/^\ufeff/, '') : text }
  }

  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end))
      start = end + 1
      yield take()
    }
    keep(chunk.subarray(start))
  }
  if (length > 0) yield take()
}

const LINE_FEED = 0x0a
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(line: Uint8Array): string | undefined {
  try {
    return UTF8.decode(line).replace(/\r$/, '')
  } catch {
    return undefined
  }
}
