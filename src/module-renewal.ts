/**
 * Running a module anew that has run before: Node.js keeps what it has imported, and that an import has failed.
 *
 * @module
 */
import * as nodeModule from 'node:module'

/** The query that makes a module another one in the eyes of Node's module cache. */
const RENEWAL = 'renewal'

let loads = 0

/** The URL to import a module by so that it runs anew, and with it all that it imports by a relative path. */
export function renewed(module: URL): URL {
  if (loads++ === 0) return module
  renewRelativeImports()
  const url = new URL(module)
  url.searchParams.set(RENEWAL, String(loads))
  return url
}

/**
 * Takes out of a text what {@link renewed} has put into the URLs in it: it says nothing to an administrator, and makes
 * the same trouble another one each time.
 */
export function withoutRenewal(text: string): string {
  return text.replaceAll(/[?&]renewal=\d+/g, '')
}

type Resolved = { url: string }
type Resolve<R> = (specifier: string, context: { parentURL?: string }, next: (s: string, c: object) => R) => R

let renewing = false

/**
 * Hands the query of a module on to what it imports by a relative path. Without that a module deeper down that once
 * failed stays failed for good: Node remembers the failure under its URL.
 */
function renewRelativeImports(): void {
  if (renewing) return
  renewing = true
  // Node 22.15 and newer; the older way runs the same in a thread, which must get it as source text.
  if ('registerHooks' in nodeModule && typeof nodeModule.registerHooks === 'function') {
    const resolveHook: Resolve<Resolved> = (specifier, context, next) =>
      handOn(specifier, context, next(specifier, context))
    nodeModule.registerHooks({ resolve: resolveHook })
    return
  }
  const source = `${handOn}
    export async function resolve(specifier, context, next) {
      return handOn(specifier, context, await next(specifier, context))
    }`
  nodeModule.register(`data:text/javascript,${encodeURIComponent(source)}`)
}

/** Stands alone: its text is all that the loader's thread gets on older versions. */
function handOn(specifier: string, context: { parentURL?: string }, resolved: Resolved): Resolved {
  const renewal = /[?&](renewal=\d+)/.exec(context.parentURL ?? '')?.[1]
  if (renewal === undefined || !/^\.\.?\//.test(specifier) || !resolved.url.startsWith('file:'))
    return resolved
  return { ...resolved, url: `${resolved.url}${resolved.url.includes('?') ? '&' : '?'}${renewal}` }
}
