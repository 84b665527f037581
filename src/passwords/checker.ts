/**
 * A password against what is stored for a user, quickly where it was verified before, and never quicker for a user
 * who does not exist.
 *
 * @module
 */
import type { PasswordFormats } from './formats.ts'
import { createMemory } from './remember.ts'

/** Holds passwords against stored hashes, and makes the hashes of new ones. */
export interface PasswordChecker {
  /**
   * Is the password that of one of these hashes? Tries them in their order. With none of them it takes as long as for
   * a wrong password. Answers without waiting if the pair was verified before.
   *
   * Rejects with a `HashError` if none matches and one of them cannot be verified, and with the signal's reason if it
   * is aborted. The signal is asked for only when there is work to do: to make one costs more than a remembered answer.
   */
  check(hashes: readonly string[], password: string, signal: () => AbortSignal): boolean | Promise<boolean>
  /** The hash that is to be stored for a new password. */
  hash(password: string): Promise<string>
  /** Tells that this hash, which has been stored just now, is of this password. */
  stored(hash: string, password: string): void
}

/** Not before a password is to be verified: a worker starts sooner, and ejabberd's first question may be another. */
const loadRegistry = () => import('./registry.ts')

/** Makes a checker with a memory of its own. */
export function createChecker(formats: PasswordFormats = {}): PasswordChecker {
  const memory = createMemory()
  // For a user that does not exist as much work is done as for one that does: with the hash verified last, as it
  // is probably like the others. This one is of no password.
  let dummyHash = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'A'.repeat(43)}`

  return {
    check: (hashes, password, signal) =>
      hashes.some((hash) => memory.has(hash, password)) || verify(hashes, password, signal()),
    hash: async (password) => (await loadRegistry()).hashPassword(password, formats),
    stored: (hash, password) => memory.add(hash, password),
  }

  async function verify(stored: readonly string[], password: string, signal: AbortSignal): Promise<boolean> {
    const { isLocked, verifyPassword } = await loadRegistry()
    // A locked account is like one that does not exist.
    const hashes = stored.filter((hash) => !isLocked(hash))
    if (hashes.length === 0) {
      await verifyPassword(dummyHash, password, signal, formats)
      return false
    }
    let failure: unknown
    for (const hash of hashes) {
      try {
        const verified = (await verifyPassword(hash, password, signal, formats)) === true
        dummyHash = hash
        if (!verified) continue
        memory.add(hash, password)
        return true
      } catch (error) {
        // One application password that cannot be read must not lock out who uses another.
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return false
  }
}
