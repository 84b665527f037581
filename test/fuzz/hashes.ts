/** Hashes whose passwords are known, of all families, as cheap as there are: what is fuzzed is not the work. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { type Vector, vectors } from '../passwords/support.ts'
import * as crypt from '../passwords/vectors-crypt.ts'
import { FAMILIES } from '../passwords/vectors-families.ts'
import * as schemes from '../passwords/vectors-schemes.ts'

const ALL: readonly Vector[] = [
  ...Object.values(FAMILIES),
  ...Object.values(crypt),
  ...Object.values(schemes),
].flat()

/** What a hash asks for, that takes long: much memory, many rounds. */
const EXPENSIVE =
  /ln=1[0-9]|m=[0-9]{5}|\$(1[0-9]|0[6-9])\$|rounds=[0-9]{5}|[$=:,]([4-9][0-9]{4}|[0-9]{6,})[$:,]|^scrypt\$|^\$7\$[A-Z]/

/** The keys of RFC 5802, section 5, in all the ways in which they are kept. */
function scram(): Vector[] {
  const [password, salt, iterations] = ['pencil', 'QSXCR+Q6sek8bf92', 4096]
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 20, 'sha1')
  const keyOf = (name: string) => createHmac('sha1', salted).update(name).digest()
  const stored = createHash('sha1').update(keyOf('Client Key')).digest('base64')
  const server = keyOf('Server Key').toString('base64')
  return vectors('RFC 5802', [
    [password, `SCRAM-SHA-1$${iterations}:${salt}$${stored}:${server}`],
    [password, `==SCRAM==,${stored},${server},${salt},${iterations}`],
    [password, `==MULTI_SCRAM==,${iterations},===SHA1===${salt}|${stored}|${server}`],
  ])
}

export const HASHES: readonly Vector[] = [...ALL.filter(({ hash }) => !EXPENSIVE.test(hash)), ...scram()]
