/** Hashes whose passwords are known, of all families, as cheap as there are: what is fuzzed is not the work. */
import {
  ARGON2,
  BCRYPT,
  DJANGO,
  DRUPAL,
  NEXTCLOUD,
  PHPASS,
  WEAK,
  WORDPRESS,
} from '../passwords/application-vectors.ts'
import type { Vector } from '../passwords/support.ts'
import { PBKDF2, SCRYPT } from '../passwords/vectors.ts'
import * as crypt from '../passwords/vectors-crypt.ts'
import * as schemes from '../passwords/vectors-schemes.ts'

const ALL: readonly Vector[] = [
  ...[SCRYPT, PBKDF2, BCRYPT, ARGON2, WORDPRESS, PHPASS, DRUPAL, DJANGO, NEXTCLOUD, WEAK],
  ...Object.values(crypt),
  ...Object.values(schemes),
].flat()

/** What a hash asks for, that takes long: much memory, many rounds. */
const EXPENSIVE = /ln=1[0-9]|m=[0-9]{5}|\$(1[0-9]|0[6-9])\$|rounds=[0-9]{5}|[$=:,][0-9]{5,}[$:,]|scrypt\$/

export const HASHES: readonly Vector[] = ALL.filter(({ hash }) => !EXPENSIVE.test(hash))
