/**
 * Formats that are recognised by their looks and cannot be verified here, so that an error can call them by their
 * name and say what to do instead.
 *
 * @module
 */

/** What can be done about any hash. */
const NEW_PASSWORD = 'give its users new passwords'

/** What can be done about a hash that some other program can verify. */
const ELSEWHERE =
  `let a server that can verify it do so (the backends ldap and http, or ejabberd's own auth_method pam), ` +
  `or ${NEW_PASSWORD}`

/** What can be done about a digest that may be one of salt and password. */
const FORMULA = `if docs/passwords.md has a formula for it, put that before it in SQL; otherwise ${ELSEWHERE}`

type Format = readonly [name: string, looks: RegExp, cure: string]

const FORMATS: readonly Format[] = [
  ['yescrypt', /^\$y\$/, ELSEWHERE],
  ['gost-yescrypt', /^\$gy\$/, ELSEWHERE],
  ['SunMD5', /^\$md5[$,]/, ELSEWHERE],
  ['NT hash', /^\$3\$/, NEW_PASSWORD],
  ['bcrypt of a version before 2a', /^\$2\$/, NEW_PASSWORD],
  [
    'a fast hash of WordPress ($generic$)',
    /^\$generic\$/,
    'it is of an application password or a key, never of an account: read user_pass, or ask WordPress itself with the backend http',
  ],
  ['bsdi-crypt', /^_[./0-9A-Za-z]{19}$/, ELSEWHERE],
  [
    'the PASSWORD() of MySQL',
    /^\*[0-9A-F]{40}$/i,
    'it is of a user of the database; read the column of the application',
  ],
  ['the mark that a hash is in a shadow file', /^x$/, 'take it from there'],
  // Werkzeug, web2py, the old ones of Django; and whatever else ends or begins with a digest.
  [
    'a salted digest',
    /^(unsalted_)?(md[245]|sha-?[0-9]+|[bs]?crypt|argon2(i|d|id)?|pbkdf2|hmac)([^a-z$][^$]*)?\$[^$]*\$/i,
    ELSEWHERE,
  ],
  ['a salted digest', /^[a-z0-9_.:-]+\$[^$]*\$[a-z0-9+/._=-]{20,}$/i, FORMULA],
  ['a salted digest', /^[0-9a-f]{32,}[:$]|[:$][0-9a-f]{32,}$/i, FORMULA],
  [
    'the md5 of PostgreSQL',
    /^md5[0-9a-f]{32}$/i,
    'it is of a user of the database; read the column of the application',
  ],
]

/**
 * Looks that passwords have as well, if the store may hold passwords as they are. What DES crypt makes is 64 bits in
 * letters of six: in the last one two bits are none.
 */
const GUESSES: readonly Format[] = [
  ['no password, or a locked one', /^[!*]/, NEW_PASSWORD],
  [
    'DES crypt',
    /^[./0-9A-Za-z]{12}[.26AEIMQUYcgkosw]$/,
    `8 characters of each password are all it keeps: ${NEW_PASSWORD}`,
  ],
]

/** Is this of a format that is recognised, and not to be mistaken for a password? */
export function isUnsupported(hash: string): boolean {
  return FORMATS.some(([, looks]) => looks.test(hash))
}

/** Names the format of a hash that cannot be verified, and says what to do; `undefined` if nobody knows it. */
export function explain(hash: string): string | undefined {
  const format = [...FORMATS, ...GUESSES].find(([, looks]) => looks.test(hash))
  if (format === undefined) return undefined
  const [name, , cure] = format
  return `The password hash looks like ${name}, which cannot be verified here: ${cure}`
}
