/**
 * Why a module of the administrator's could not be loaded.
 *
 * @module
 */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HandlersError } from './errors.ts'
import { placeOf, reasonOf } from './reason.ts'

/** What this package is called where it is installed. */
const NAME = 'ejabberd-extauth'

/** Where the code of this package is: that it threw says nothing of where the mistake is. */
const OURS = new URL('.', import.meta.url).href

/** How long it may take to find the line of a syntax error, in milliseconds. */
const CHECK_TIMEOUT = 5000

/** What is wrong with a module of the administrator's, and in which line; what can be done about it, where that is known. */
export async function whyNotLoaded(cause: unknown, url: URL): Promise<string> {
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
  if (place?.includes('file:') === true) return `${reason} (${place})`
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
