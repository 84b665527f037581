/** Vectors of the families that hashes of applications are of, by what they are called in titles. */
import {
  ARGON2,
  BCRYPT,
  DJANGO,
  DRUPAL,
  FORMULAS,
  NEXTCLOUD,
  PHPASS,
  WEAK,
  WORDPRESS,
} from './application-vectors.ts'
import type { Vector } from './support.ts'
import { PBKDF2, SCRYPT } from './vectors.ts'

export const FAMILIES: Readonly<Record<string, readonly Vector[]>> = {
  scrypt: SCRYPT,
  pbkdf2: PBKDF2,
  bcrypt: BCRYPT,
  argon2: ARGON2,
  WordPress: WORDPRESS,
  phpass: PHPASS,
  Drupal: DRUPAL,
  Django: DJANGO,
  Nextcloud: NEXTCLOUD,
  'a digest': WEAK,
  'a formula': FORMULAS,
}
