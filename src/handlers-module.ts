/**
 * A file of the administrator's to handlers.
 *
 * @module
 */
import { statSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { HandlersError } from './errors.ts'
import type { Handlers } from './handlers.ts'
import { nearestOf } from './nearest.ts'
import { placeOf, reasonOf, typeName } from './reason.ts'
import { OPERATIONS } from './request.ts'

/** What this package is called where it is installed. */
const NAME = 'ejabberd-extauth'

/** Where the code of this package is: that it threw says nothing of where the mistake is. */
const OURS = new URL('.', import.meta.url).href

/** How long it may take to find the line of a syntax error, in milliseconds. */
const CHECK_TIMEOUT = 5000

let loads = 0

/**
 * Imports an ES module whose default export is {@link Handlers}, or a function, sync or async, that returns them.
 *
 * Each call runs the module anew, and with it every module that it imports by a relative path: mended code is
 * picked up. Packages and CommonJS modules are loaded once in the life of a process.
 *
 * @param file A path, absolute or relative to the working directory.
 * @throws {HandlersError} If it cannot be loaded, or exports something else; the message names the file.
 */
export async function importHandlers(file: string): Promise<Handlers> {
  const url = pathToFileURL(resolve(file))
  if (loads++ > 0) {
    renewRelativeImports()
    url.searchParams.set(RENEWAL, String(loads))
  }
  try {
    const exported: { default?: unknown } = await import(url.href)
    const value = exported.default
    return checkHandlers(typeof value === 'function' ? await value() : value)
  } catch (cause) {
    throw new HandlersError(`${file}: ${await explain(cause, url)}`, { cause })
  }
}

/** What is wrong, and in which line of the administrator's code. */
async function explain(cause: unknown, url: URL): Promise<string> {
  const missing = whyMissing(url)
  if (missing !== undefined) return missing
  const reason = reasonOf(cause)
  if (cause instanceof HandlersError) return reason
  const packageName = /Cannot find package '([^']+)'/.exec(reason)?.[1]
  // Node remembers that it was not there, and then looks for a file of which nobody has spoken.
  if (packageName?.startsWith('/')) {
    return `${dirname(packageName)} was not there when this process looked first: end process ${process.pid}, and ejabberd starts another`
  }
  if (packageName === NAME) {
    return `${reason}: put the file into the folder in which ${NAME} was installed without -g`
  }
  if (packageName !== undefined) {
    return `${reason}: npm install ${packageName} in ${dirname(fileURLToPath(url))} (a package that was installed with -g is not found from there)`
  }
  if (reason.includes('ERR_UNKNOWN_FILE_EXTENSION')) {
    return `${reason}: write JavaScript, in a file that ends with .mjs, or take Node.js 22.18 or newer for TypeScript`
  }
  const place = placeOf(cause, OURS)
  if (place?.includes('file:') === true) return `${reason} (${place.replace(/\?renewal=\d+/, '')})`
  const line =
    cause instanceof SyntaxError ? await placeOfSyntaxError(new URL(url.pathname, url), reason) : undefined
  return line === undefined ? reason : `${reason} (${line})`
}

function whyMissing(url: URL): string | undefined {
  try {
    statSync(url)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ENOENT' ? 'no such file' : `cannot be reached by the user that runs this: ${code}`
  }
}

/**
 * Node tells the line of an error of syntax to standard error only, so another one has to run into it. It executes
 * nothing: this error has no line of a file in its stack, so it came before all that is imported was understood.
 */
function placeOfSyntaxError(url: URL, reason: string): Promise<string | undefined> {
  const mistake = `${url} ${statSync(url, { throwIfNoEntry: false })?.mtimeMs} ${reason}`
  if (located.mistake !== mistake) located = { mistake, place: runInto(url) }
  return located.place
}

/** The mistake that was looked for last: it may stay for hours, and be met every few seconds by many workers. */
let located: { mistake?: string; place: Promise<string | undefined> } = { place: Promise.resolve(undefined) }

async function runInto(url: URL): Promise<string | undefined> {
  const { execFile } = await import('node:child_process')
  const code = `await import(${JSON.stringify(url.href)})`
  return new Promise((resolve) => {
    const options = { timeout: CHECK_TIMEOUT }
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', code],
      options,
      (_error, _stdout, stderr) => {
        resolve(/^file:.*:\d+$/m.exec(stderr)?.[0])
      },
    )
  })
}

/**
 * Checks at run time what the type says.
 *
 * @throws {HandlersError} If there is no handler in it, one that is no function, or a name that is nearly one.
 */
export function checkHandlers(value: unknown): Handlers {
  if (typeof value !== 'object' || value === null) {
    throw new HandlersError(`expected the default export to be handlers, found ${typeName(value)}`)
  }
  const members = new Map<string, unknown>(
    [...OPERATIONS, 'close'].map((name) => [name, Reflect.get(value, name)]),
  )
  for (const [name, member] of members) {
    if (member !== undefined && typeof member !== 'function') {
      throw new HandlersError(`expected the handler ${name} to be a function, found ${typeName(member)}`)
    }
  }
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'function' || members.has(name)) continue
    const nearest = nearestOf(name.toLowerCase().replaceAll('_', ''), [...members.keys()], 1)
    // With the right name there as well, it is a function of the administrator's own.
    if (nearest !== undefined && members.get(nearest) === undefined) {
      throw new HandlersError(`there is no operation ${name}: write ${nearest}`)
    }
  }
  if ([...OPERATIONS].every((name) => members.get(name) === undefined)) {
    throw new HandlersError(`expected at least one handler (${[...OPERATIONS].join(', ')}), found none`)
  }
  return value
}

/** The query that makes a module another one in the eyes of Node's module cache. */
const RENEWAL = 'renewal'

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
      renew(specifier, context, next(specifier, context))
    nodeModule.registerHooks({ resolve: resolveHook })
    return
  }
  const source = `${renew}
    export async function resolve(specifier, context, next) {
      return renew(specifier, context, await next(specifier, context))
    }`
  nodeModule.register(`data:text/javascript,${encodeURIComponent(source)}`)
}

/** Stands alone: its text is all that the loader's thread gets on older versions. */
function renew(specifier: string, context: { parentURL?: string }, resolved: Resolved): Resolved {
  const renewal = /[?&](renewal=\d+)/.exec(context.parentURL ?? '')?.[1]
  if (renewal === undefined || !/^\.\.?\//.test(specifier) || !resolved.url.startsWith('file:'))
    return resolved
  return { ...resolved, url: `${resolved.url}${resolved.url.includes('?') ? '&' : '?'}${renewal}` }
}
