/**
 * Terms of Erlang, as they are printed into a dump.
 *
 * @module
 */

import { tokenize } from './tokenize.ts'

/** A binary or string is bytes, a tuple or list an array, a number a number, and an atom an object with its name. */
export type Term = Buffer | number | { readonly atom: string } | readonly Term[]

/** Reads one term, without the period behind it; `undefined` for what is none, or none of these kinds. */
export function parseTerm(text: string): Term | undefined {
  const tokens = tokenize(text, TOKEN)
  if (tokens === undefined) return undefined
  const reader = new TermReader(tokens)
  try {
    return reader.readAll()
  } catch (error) {
    if (error instanceof NoTerm) return undefined
    throw error
  }
}

class NoTerm extends Error {}

const TOKEN = /<<|>>|[{}[\],]|\/utf8|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?[0-9]+|[a-z][A-Za-z0-9_@]*/

/** Terms in terms; a record has three or four. Beyond thousands the stack of this process would be at its end. */
const MOST_DEPTH = 100

class TermReader {
  readonly #tokens: readonly string[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  readAll(): Term {
    const term = this.#read()
    if (this.#next !== this.#tokens.length) throw new NoTerm()
    return term
  }

  #read(): Term {
    const token = this.#take()
    if (token === '{') return this.#readUntil('}')
    if (token === '[') return this.#readUntil(']')
    if (token === '<<') return this.#readBinary()
    if (token.startsWith('"')) return this.#readString(token)
    if (/^-?[0-9]/.test(token)) return Number(token)
    if (token.startsWith("'")) return { atom: unquote(token).toString() }
    if (/^[a-z]/.test(token)) return { atom: token }
    throw new NoTerm()
  }

  #readUntil(end: string): Term[] {
    const terms: Term[] = []
    if (this.#takeIf(end)) return terms
    if (++this.#depth > MOST_DEPTH) throw new NoTerm()
    do terms.push(this.#read())
    while (this.#takeIf(','))
    if (this.#take() !== end) throw new NoTerm()
    this.#depth--
    return terms
  }

  /** Text in one or more pieces, or the numbers of its bytes. */
  #readBinary(): Buffer {
    const bytes: Buffer[] = []
    while (!this.#takeIf('>>')) {
      const token = this.#take()
      if (token.startsWith('"')) bytes.push(this.#readString(token))
      else if (/^[0-9]+$/.test(token) && Number(token) < 256) bytes.push(Buffer.of(Number(token)))
      else throw new NoTerm()
      this.#takeIf('/utf8')
      this.#takeIf(',')
    }
    return Buffer.concat(bytes)
  }

  /** A long one is printed in pieces, one below the other. */
  #readString(first: string): Buffer {
    const pieces = [unquote(first)]
    while (this.#tokens[this.#next]?.startsWith('"')) pieces.push(unquote(this.#take()))
    return Buffer.concat(pieces)
  }

  #take(): string {
    const token = this.#tokens[this.#next++]
    if (token === undefined) throw new NoTerm()
    return token
  }

  #takeIf(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false
    this.#next++
    return true
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  d: '\x7f',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
}

function unquote(quoted: string): Buffer {
  return Buffer.from(quoted.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter))
}
