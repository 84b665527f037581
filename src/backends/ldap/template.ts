/**
 * Filters and distinguished names with placeholders, as an administrator writes them.
 *
 * @module
 */

/** `%u` the user, `%d` the server, `%j` the JID of both, `%D` the distinguished name that was found. */
export type Placeholder = 'u' | 'd' | 'j' | 'D'

/** What stands for the placeholders in one request. */
export type Values = Readonly<Partial<Record<Placeholder, string>>>

/** Puts values in the place of their placeholders, each escaped, in one pass: what a value holds is never looked at. */
export function fill(template: string, values: Values, escaped: (value: string) => string): string {
  return template.replace(PLACEHOLDER, (_whole, name: string) => {
    if (name === '%') return '%'
    const value = values[name as Placeholder]
    if (value === undefined) throw new TypeError(`there is no value for %${name}`)
    return escaped(value)
  })
}

/** Does the template depend on one of these? */
export function mentions(template: string, ...names: readonly Placeholder[]): boolean {
  return [...template.matchAll(PLACEHOLDER)].some(([, name]) => names.includes(name as Placeholder))
}

/** Is every `%` in it one of these placeholders, or `%%`, which stands for itself? */
export function hasOnly(template: string, ...names: readonly Placeholder[]): boolean {
  return [...template.matchAll(PLACEHOLDER)].every(([, name]) => ['%', ...names].includes(name as string))
}

/**
 * Is this a filter (RFC 4515), as far as they can be sent? Not understood are attributes with options or by number,
 * spaces around parentheses, and characters beyond ASCII written in hexadecimal: those can be written as they are.
 */
export function isFilter(text: string): boolean {
  return endOfFilter(text, 0) === text.length
}

/** Is this a distinguished name (RFC 4514) that is not empty? */
export function isDn(text: string): boolean {
  return DN.test(text)
}

const PLACEHOLDER = /%(.?)/gsu

const VALUE = String.raw`(?:[^()\\\0]|\\[0-7][0-9A-Fa-f])*`
const ATTRIBUTE = String.raw`[A-Za-z][\w-]*`
const ITEM = new RegExp(
  `${ATTRIBUTE}[~<>]?=${VALUE}|(?:${ATTRIBUTE}(?::dn)?(?::[\\w.-]+)?|(?::dn)?:[\\w.-]+):=${VALUE}`,
  'y',
)

const TYPE = String.raw`\s*(?:[A-Za-z][\w-]*|\d+(?:\.\d+)+)\s*`
const TEXT = String.raw`(?:[^\\",+;<>\0]|\\(?:[0-9A-Fa-f]{2}|[ "#+,;<=>\\]))+`
const DN = new RegExp(`^${TYPE}=${TEXT}(?:[,+]${TYPE}=${TEXT})*$`, 's')

/** Where the filter that starts here has ended; -1 if there is none. */
function endOfFilter(text: string, start: number): number {
  if (text[start] !== '(') return -1
  const end = endOfContent(text, start + 1)
  return text[end] === ')' ? end + 1 : -1
}

function endOfContent(text: string, start: number): number {
  switch (text[start]) {
    case '&':
    case '|':
      return endOfList(text, start + 1)
    case '!':
      return endOfFilter(text, start + 1)
    default:
      ITEM.lastIndex = start
      return ITEM.test(text) ? ITEM.lastIndex : -1
  }
}

function endOfList(text: string, start: number): number {
  let end = endOfFilter(text, start)
  while (text[end] === '(') end = endOfFilter(text, end)
  return end
}
