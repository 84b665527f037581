/**
 * The formats that new passwords can be stored in.
 *
 * @module
 */
import type { NewHashes } from './family.ts'
import type { NewHashFormat, PasswordFormats } from './formats.ts'
import { scrypt } from './scrypt.ts'

const MAKERS: Readonly<Record<NewHashFormat, () => NewHashes | Promise<NewHashes>>> = {
  scrypt: () => scrypt,
  bcrypt: async () => (await import('./bcrypt.ts')).bcrypt,
  argon2id: async () => (await import('./argon2.ts')).argon2,
  django: async () => (await import('./django.ts')).django,
  wordpress: async () => (await import('./wordpress.ts')).wordpress,
  ssha512: async () => (await import('./schemes.ts')).schemes,
  'sha512-crypt': async () => (await import('./crypt.ts')).crypt,
}

/** Makes the hash of a new password, which is prepared already. */
export async function makeHash(password: string, formats: PasswordFormats): Promise<string> {
  const maker = await MAKERS[formats.newHashes ?? 'scrypt']()
  return maker.hash(password, formats)
}
