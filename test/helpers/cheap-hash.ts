import { pbkdf2Sync } from 'node:crypto'

/** A hash that takes no time. */
export function cheapHash(password: string): string {
  const key = pbkdf2Sync(password, 'salt', 1, 32, 'sha256').toString('base64').replace('=', '')
  return `$pbkdf2-sha256$i=1$c2FsdA$${key}`
}
