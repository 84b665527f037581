/**
 * JID escaping (XEP-0106 1.1.1): how a name with a space or an `@` in it is written as the local part of a JID.
 *
 * @module
 */

/** `"&'/:<>@`, the space and the backslash: nothing else is ever escaped, and always in lower case (section 3.1). */
const CODES = '20|22|26|27|2f|3a|3c|3e|40|5c'
const ESCAPED = new RegExp(`\\\\(${CODES})`, 'g')
// A backslash is escaped only where it would be taken for the beginning of an escape (section 4.1, rule 7).
const UNESCAPED = new RegExp(`[ "&'/:<>@]|\\\\(?=${CODES})`, 'g')

/** Writes a name as the local part of a JID. */
export function escapeName(name: string): string {
  return name.replace(UNESCAPED, (character) => `\\${character.charCodeAt(0).toString(16)}`)
}

/**
 * The name that a local part stands for, or `undefined` if no name is written like this: one that begins or ends with
 * a space (`\20`, section 4.1, rule 6), or one with an escape that was not called for. Otherwise two local parts, such as
 * `a\b` and `a\5cb`, would stand for the same name.
 */
export function unescapeName(localPart: string): string | undefined {
  const name = localPart.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return escapeName(name) === localPart && !/^ | $/.test(name) ? name : undefined
}
