/**
 * Tables of Lua, as Prosody writes them into its files.
 *
 * @module
 */

import { tokenize } from './tokenize.ts'

/** A value of a table; `nil` and what is no data do not occur. */
type LuaValue = string | number | boolean | LuaTable

/** A table; the keys of a list are its numbers. */
export type LuaTable = ReadonlyMap<string | number, LuaValue>

/** Reads `return { ["key"] = "value"; ... };`, and runs nothing; `undefined` for anything else. */
export function parseLuaTable(text: string): LuaTable | undefined {
  const tokens = tokenize(text, TOKEN)
  if (tokens?.shift() !== 'return' || tokens.shift() !== '{') return undefined
  const table = readTable(tokens)
  if (tokens[0] === ';') tokens.shift()
  return tokens.length === 0 ? table : undefined
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]=;,]|[A-Za-z_][A-Za-z0-9_]*|-?[0-9][0-9.e+-]*/

/** Tables in tables; Prosody has one or two. Beyond thousands the stack of this process would be at its end. */
const MOST_DEPTH = 100

/** What follows `{`, up to its `}`. */
function readTable(tokens: string[], depth = 1): LuaTable | undefined {
  if (depth > MOST_DEPTH) return undefined
  const table = new Map<string | number, LuaValue>()
  let index = 1
  while (tokens[0] !== '}') {
    const key = readKey(tokens) ?? index++
    const value = readValue(tokens, depth)
    if (value === undefined) return undefined
    table.set(key, value)
    if (tokens[0] === ';' || tokens[0] === ',') tokens.shift()
    else if (tokens[0] !== '}') return undefined
  }
  tokens.shift()
  return table
}

/** `["key"] =` or `key =`; `undefined` if there is none, as in a list. */
function readKey(tokens: string[]): string | number | undefined {
  if (tokens[0] === '[' && tokens[2] === ']' && tokens[3] === '=') {
    const [, key = ''] = tokens.splice(0, 4)
    return key.startsWith('"') ? unquote(key) : Number(key)
  }
  return tokens[1] === '=' ? tokens.splice(0, 2)[0] : undefined
}

function readValue(tokens: string[], depth: number): LuaValue | undefined {
  const token = tokens.shift() ?? ''
  if (token === '{') return readTable(tokens, depth + 1)
  if (token.startsWith('"')) return isText(unquote(token)) ? unquote(token) : undefined
  if (token === 'true' || token === 'false') return token === 'true'
  return /^-?[0-9]/.test(token) && Number.isFinite(Number(token)) ? Number(token) : undefined
}

function isText(string: string): boolean {
  return !string.includes('\ufffd')
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** A string of Lua is bytes; `\195\182` is an ö. */
function unquote(quoted: string): string {
  const bytes = Buffer.from(quoted.slice(1, -1)).toString('latin1')
  const plain = bytes.replace(/\\([0-9]{1,3}|.)/gs, (_, escaped: string) => {
    if (/^[0-9]/.test(escaped)) return String.fromCharCode(Number(escaped) & 255)
    const code = ESCAPES[escaped]
    return code === undefined ? escaped : String.fromCharCode(code)
  })
  return Buffer.from(plain, 'latin1').toString()
}
