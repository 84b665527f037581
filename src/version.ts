/**
 * The version of this package.
 *
 * @module
 */
import { createRequire } from 'node:module'

/** Reads the version from the package's own package.json; never throws, a log line is not worth it. */
export function version(): string {
  try {
    const found: unknown = createRequire(import.meta.url)('ejabberd-extauth/package.json')
    return typeof found === 'object' && found !== null && 'version' in found
      ? String(found.version)
      : 'unknown'
  } catch {
    return 'unknown'
  }
}
