/**
 * Text in another program's notation to the words it consists of.
 *
 * @module
 */

/** Cuts text into tokens; `undefined` if it has something else in it. */
export function tokenize(text: string, token: RegExp): string[] | undefined {
  const tokens: string[] = []
  const next = new RegExp(`\\s*(${token.source})\\s*`, 'sy')
  while (next.lastIndex < text.length) {
    const [, found] = next.exec(text) ?? []
    if (found === undefined) return undefined
    tokens.push(found)
  }
  return tokens
}
