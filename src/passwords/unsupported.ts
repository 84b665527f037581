/**
 * Hash formats that are recognised by their beginning, so that an error can call them by their name.
 *
 * @module
 */

const FORMATS: ReadonlyArray<readonly [name: string, beginning: RegExp]> = [
  ['bcrypt', /^\$2[abxy]?\$/],
  ['argon2', /^\$argon2(i|d|id)\$/],
  ['yescrypt', /^\$g?y\$/],
  ['md5-crypt', /^\$1\$/],
  ['apr1 (Apache md5-crypt)', /^\$apr1\$/],
  ['sha256-crypt', /^\$5\$/],
  ['sha512-crypt', /^\$6\$/],
  ['sha1-crypt', /^\$sha1\$/],
  ['crypt-scrypt', /^\$7\$/],
  ['phpass', /^\$[PH]\$/],
  ['Drupal 7', /^U?\$S\$/],
  ['WordPress', /^\$(wp|generic)\$/],
  ['Django', /^(pbkdf2_sha(1|256)\$\d|bcrypt(_sha256)?\$\$2|argon2\$argon2|scrypt\$\d)/],
  ['LDAP or Dovecot scheme', /^\{[A-Za-z0-9.-]+\}/],
  ['no password, or a locked one', /^([!*]|x$)/],
  [
    'hexadecimal digest',
    /^(md5)?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})(:|$)/i,
  ],
  ['SCRAM', /^(SCRAM-SHA-|=+(MULTI_)?SCRAM=)/i],
  ['Nextcloud', /^\d\|/],
  ['salted digest', /^[a-z0-9_-]+\$[^$]*\$/i],
]

/** The name of the format that a hash is recognised as, or `undefined`. */
export function recogniseFormat(hash: string): string | undefined {
  return FORMATS.find(([, beginning]) => beginning.test(hash))?.[0]
}
