/**
 * Secrets that can be found again, in whatever spelling somebody has written them.
 *
 * Made without a look at how the program hides them: what it overlooks must not be overlooked here, too.
 *
 * @module
 */
import { createHash, randomInt } from 'node:crypto'
import { inspect } from 'node:util'

/** Where a secret was found that should not be there. */
export interface Find {
  readonly secret: string
  readonly place: string
  /** The text around it. */
  readonly text: string
}

/** So many characters of a secret in a row are a find, if they can be no accident. */
const RAW = 5
/** So many in a spelling that leaves little of them: other numbers have the same digits now and then. */
const SPELT = 8
const LENGTH = 23
/** What needles are looked up by. */
const PREFIX = 4

const UPPER = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const LOWER = 'abcdefghijkmnopqrstuvwxyz'
const DIGITS = '23456789'
/** The middle one of five characters: not in Base64, and each way to quote treats some of them in its own way. */
const SEPARATORS = [':~^|', `'"\\ `, 'äßç€', '😀漢字é', '%&?=;', '<>@#\n\t'] as const

interface Needle {
  readonly needle: string
  readonly secret: string
  readonly allowed: readonly string[]
}

/** The secrets of a test, and where they were found. */
export class Marks {
  readonly #needles = new Map<string, Needle[]>()
  #minted = 0

  /** A secret that there has never been; `name` says in a find which one it was. */
  mint(name: string): string {
    const separators = SEPARATORS[this.#minted++ % SEPARATORS.length] ?? ''
    const secret = make([UPPER, DIGITS, separators, LOWER, DIGITS])
    this.watch(name, secret)
    return secret
  }

  /** A secret with nothing in it that has to be quoted anywhere, for instance for a URL. */
  mintWord(name: string, allowed: readonly string[] = []): string {
    const secret = make([UPPER, DIGITS, LOWER])
    this.watch(name, secret, { raw: SPELT, allowed })
    return secret
  }

  /** Looks for a secret that was made elsewhere, too. */
  watch(name: string, secret: string, { raw = RAW, allowed = [] }: Watching = {}): void {
    for (const needle of needlesOf(secret, raw)) {
      const key = needle.slice(0, PREFIX)
      const found: Needle = { needle, secret: name, allowed }
      const others = this.#needles.get(key)
      if (others === undefined) this.#needles.set(key, [found])
      else others.push(found)
    }
  }

  /** One find for each secret that is in the bytes. */
  findIn(place: string, bytes: Uint8Array | string): readonly Find[] {
    const text = Buffer.from(bytes as Uint8Array).toString('latin1')
    const finds = new Map<string, Find>()
    for (let at = 0; at + PREFIX <= text.length; at++) {
      for (const { needle, secret, allowed } of this.#needles.get(text.slice(at, at + PREFIX)) ?? []) {
        if (finds.has(secret) || allowed.includes(place) || !text.startsWith(needle, at)) continue
        const around = text.slice(Math.max(0, at - 100), at + needle.length + 60)
        finds.set(secret, { secret, place, text: Buffer.from(around, 'latin1').toString() })
      }
    }
    return [...finds.values()]
  }
}

/** How a secret is looked for. */
export interface Watching {
  /** So many of its characters in a row are a find. */
  readonly raw?: number
  /** Where it may be. */
  readonly allowed?: readonly string[]
}

/** The ways to write a text, which is then encoded as UTF-8. */
export const SPELLINGS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  percent: (text) => [encodeURIComponent(text), encodeURI(text), percent(text), percent(text).toLowerCase()],
  form: (text) => [new URLSearchParams({ '': text }).toString().slice(1)],
  json: (text) => [JSON.stringify(text).slice(1, -1), JSON.stringify(JSON.stringify(text)).slice(3, -3)],
  'escaped code units': (text) => [text.replace(/[^ -~]/g, escaped), text.replace(/[^a-z]/gi, escaped)],
  inspected: (text) => [inspect(text).slice(1, -1)],
  sql: (text) => [text.replaceAll("'", "''"), text.replace(/['"\\]/g, '\\$&')],
  html: (text) => [text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')],
  hex: (text) => inBoth(Buffer.from(text).toString('hex')),
  'spaced hex': (text) =>
    inBoth(
      Buffer.from(text)
        .toString('hex')
        .replace(/..(?=.)/g, '$& '),
    ),
  'escaped hex': (text) => [[...Buffer.from(text)].map((byte) => `\\x${hex(byte)}`).join('')],
  numbers: (text) => [[...Buffer.from(text)].join(', '), [...Buffer.from(text)].join(',')],
  base64: (text) => [0, 1, 2].flatMap((offset) => inBase64(text, offset)),
  'doubly encoded': (text) => [Buffer.from(text).toString('latin1')],
  'other case': (text) => [text.toUpperCase(), text.toLowerCase()],
}

/** The digests that a careless log has in place of a password: anybody can try passwords against them. */
const DIGESTS = ['md5', 'sha1', 'sha256', 'sha512'] as const

/** What to look for, as `latin1` shows the bytes of a file. */
function needlesOf(secret: string, raw: number): ReadonlySet<string> {
  const long = windows(secret, Math.max(raw, SPELT))
  const spelt = long.flatMap((window) => Object.values(SPELLINGS).flatMap((spell) => spell(window)))
  const digests = DIGESTS.flatMap((digest) => {
    const bytes = createHash(digest).update(secret).digest()
    return [...inBoth(bytes.toString('hex')), bytes.toString('base64').replace(/=+$/, '')]
  })
  const bytes = [...windows(secret, raw), ...spelt, ...digests].map((text) => Buffer.from(text))
  const wide = long.map((window) => Buffer.from(window, 'utf16le'))
  return new Set([...bytes, ...wide].map((needle) => needle.toString('latin1')))
}

/** Each run of so many characters. */
function windows(text: string, length: number): readonly string[] {
  const characters = [...text]
  const count = Math.max(1, characters.length - length + 1)
  return Array.from({ length: count }, (_, at) => characters.slice(at, at + length).join(''))
}

function percent(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${hex(byte).toUpperCase()}`).join('')
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function inBoth(digits: string): readonly string[] {
  return [digits, digits.toUpperCase()]
}

/** What the bytes look like in the Base64 of more, where they begin at this offset of three. */
function inBase64(text: string, offset: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)])
  const [from, to] = [[0, 2, 3][offset] ?? 0, Math.floor((bytes.length * 4) / 3)]
  return (['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).slice(from, to))
}

/** Takes characters of each alphabet in turn. */
function make(alphabets: readonly string[]): string {
  return Array.from({ length: LENGTH }, (_, at) => pick(alphabets[at % alphabets.length] ?? '')).join('')
}

function pick(alphabet: string): string {
  const characters = [...alphabet]
  return characters[randomInt(characters.length)] ?? ''
}
