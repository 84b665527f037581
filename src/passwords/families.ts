/**
 * Every family of hashes that can be verified, by the beginning of a hash.
 *
 * @module
 */
import type { HashFamily } from './family.ts'
import { pbkdf2 } from './pbkdf2.ts'
import { scrypt } from './scrypt.ts'

/** One row of the table. */
export interface FamilyEntry {
  /** For messages. */
  readonly name: string
  /** A hash that begins like this is of this family, well formed or not. */
  readonly beginning: RegExp
  /** Loads the family when a hash of it is first met: the program starts without it. */
  readonly load: () => HashFamily | Promise<HashFamily>
  /** Its hashes are never inside of another one, because they hold one themselves or because no wrapper has them. */
  readonly outermost?: true
}

/** What stands in the place of a hash where nobody is to log in with a password. */
export const LOCKED: FamilyEntry = {
  name: 'locked account',
  beginning:
    /^(!{1,2}|\*|!\*|\*(LK|NP|LOCKED)\*.*|![A-Za-z0-9]{40}|!{1,2}(\$|\{[A-Za-z0-9._-]+\}|[0-9a-f]{32}).*)$/is,
  load: async () => (await import('./locked.ts')).locked,
  outermost: true,
}

/** In the order in which they are tried. */
export const FAMILIES: readonly FamilyEntry[] = [
  { name: 'scrypt', beginning: /^\$(scrypt|7)\$/, load: () => scrypt },
  { name: 'pbkdf2', beginning: /^\$pbkdf2(-sha(1|256|512))?\$/, load: () => pbkdf2 },
  { name: 'bcrypt', beginning: /^\$2[abxy]\$/, load: async () => (await import('./bcrypt.ts')).bcrypt },
  {
    name: 'argon2',
    beginning: /^\$argon2(i|d|id)\$/,
    load: async () => (await import('./argon2.ts')).argon2,
  },
  {
    name: 'crypt(3) with MD5, SHA-1 or SHA-2',
    beginning: /^\$(1|apr1|sha1|5|6)\$/,
    load: async () => (await import('./crypt.ts')).crypt,
  },
  {
    name: 'SCRAM',
    beginning: /^(SCRAM-SHA-|==(MULTI_)?SCRAM==,)/,
    load: async () => (await import('./scram.ts')).scram,
  },
  {
    name: 'WordPress',
    beginning: /^\$wp\$/,
    load: async () => (await import('./wordpress.ts')).wordpress,
    outermost: true,
  },
  {
    name: 'phpass and Drupal',
    beginning: /^(\$[PH]\$|U?\$S\$|U\$P\$)/,
    load: async () => (await import('./phpass.ts')).phpass,
  },
  {
    name: 'Django',
    beginning: /^(pbkdf2_sha(1|256)|argon2|bcrypt(_sha256)?|scrypt|md5|sha1)\$[^$]*\$/,
    load: async () => (await import('./django.ts')).django,
    outermost: true,
  },
  {
    name: 'Nextcloud',
    beginning: /^[123]\|\$/,
    load: async () => (await import('./nextcloud.ts')).nextcloud,
    outermost: true,
  },
  {
    name: 'LDAP and Dovecot schemes',
    beginning: /^\{[A-Za-z0-9._-]+\}/,
    load: async () => (await import('./schemes.ts')).schemes,
    outermost: true,
  },
  {
    name: 'hexadecimal digest',
    beginning:
      /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$|^[0-9a-f]{32}:/i,
    load: async () => (await import('./digest.ts')).digest,
    outermost: true,
  },
  {
    name: 'digest behind a formula',
    beginning: /^(md5|sha(1|224|256|384|512))\([a-z0-9()+]*\)\$/,
    load: async () => (await import('./formulas.ts')).formulas,
    outermost: true,
  },
  LOCKED,
]

/** Passwords as they are: anything that is nothing else, where that was asked for. */
export const PLAIN: FamilyEntry = {
  name: 'plain',
  beginning: /^/,
  load: async () => (await import('./plain.ts')).plain,
}
