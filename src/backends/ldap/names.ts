/**
 * Names of XMPP on their way into filters and distinguished names.
 *
 * @module
 */

/** Escapes a value for a filter (RFC 4515, section 3). What is not ASCII stands for its UTF-8, as it is. */
export function escapeFilterValue(value: string): string {
  return value.replace(/[*()\\\0]/g, hexPair)
}

/** Escapes a value for a distinguished name (RFC 4514, section 2.4). */
export function escapeDnValue(value: string): string {
  return value.replace(/[\\"+,;<=>\0]|^[ #]| $/g, hexPair)
}

/**
 * Is there no other way to write this name that a directory takes for the same one?
 *
 * Before values are compared, a directory takes away what is invisible, folds compatible characters, and makes little
 * of spaces (RFC 4518, section 2). `alice` and `alice` with a space would be two users of XMPP with one password.
 * ejabberd prepares names likewise, so that nobody is turned away by this.
 */
export function isOneSpelling(name: string): boolean {
  return name !== '' && name === name.normalize('NFKC') && !FOLDED.test(name)
}

// RFC 4518, sections 2.2 (mapped to nothing or to a space) and 2.6.1 (spaces at the ends and in a row).
const FOLDED =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufffc\ufffd]|^ | $| {2}|(?! )\p{Zs}/u

function hexPair(char: string): string {
  return `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}
