/**
 * Packages that somebody has installed beside this one, because they need what is built on them.
 *
 * @module
 */
import { MissingPackageError } from './errors.ts'

/** Which major version of each: what `npm install` takes without being told may want a newer Node.js than this package. */
const VERSIONS = { '@node-rs/argon2': 2, '@node-rs/bcrypt': 2, jose: 6, ldapts: 8 } as const

/**
 * Looks whether a package is there, and imports it when it is first needed.
 *
 * @param name The package, such as `ldapts`.
 * @param owner What needs it, such as `ldap`.
 * @param load Imports it. Written out by the caller, so that tools and types see the name.
 * @param given The package itself, if the administrator passed it in; then nothing is looked for.
 * @throws {MissingPackageError} At once, if it is not installed where this package is.
 */
export function peer<Package>(
  name: keyof typeof VERSIONS,
  owner: string,
  load: () => Promise<Package>,
  given?: Package,
): () => Promise<Package> {
  if (given !== undefined) {
    const passedIn = Promise.resolve(given)
    return () => passedIn
  }
  if (!isInstalled(name)) {
    throw new MissingPackageError(
      `${owner} needs the package ${name}, which is not installed: npm install ${name}@${VERSIONS[name]}, in the folder where ` +
        'ejabberd-extauth is installed (or with -g, if it was installed with -g)',
    )
  }
  let loading: Promise<Package> | undefined
  return () => {
    loading ??= load()
    return loading
  }
}

/** Can a package be imported from here? Nothing of it is run. */
function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
