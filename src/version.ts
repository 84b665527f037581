/**
 * The version of this package.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

/** Reads the version from the package's own package.json; never throws, a log line is not worth it. */
export function version(): string {
  try {
    const found: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    return typeof found === 'object' && found !== null && 'version' in found
      ? String(found.version)
      : 'unknown'
  } catch {
    return 'unknown'
  }
}
