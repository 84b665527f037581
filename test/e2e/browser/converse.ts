import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finished, run } from '../support/run.ts'

/** The release of Converse.js that the tests drive, and the SHA-512 of its tarball. */
const CONVERSE = 'converse.js@14.0.0'
const SHA512 = 'LFUg030jDalV47vI/vyVPqYPZfJYXFbubq8v0cFDe2zXNeeGEk3Up0Fj/WTzT6t+6do+cAIToy73eAj7RNDj2Q=='

/** Fetches Converse.js with npm into the folder and gives the folder of its files for browsers. */
export async function fetchConverse(folder: string): Promise<string> {
  const home = join(folder, 'converse')
  mkdirSync(home)
  const options = [
    '--ignore-scripts',
    '--prefer-offline',
    '--fetch-retries=1',
    '--loglevel=error',
    '--pack-destination',
    home,
  ]
  const { stdout: name } = await succeed('npm', ['pack', CONVERSE, ...options], home)
  const tarball = join(home, name)
  const found = createHash('sha512').update(readFileSync(tarball)).digest('base64')
  if (found !== SHA512) throw new Error(`${CONVERSE} is not the one that was tested: its SHA-512 is ${found}`)
  await succeed('tar', ['-xzf', tarball, '-C', home, 'package/dist'], home)
  return join(home, 'package', 'dist')
}

/** Says what the test needs, since the fault is rarely the test's. */
async function succeed(command: string, args: string[], cwd: string): Promise<Finished> {
  const needs = `this test needs ${CONVERSE}, which npm has to fetch:`
  const finished = await run(command, args, { cwd }).catch((cause) => {
    throw new Error(`${needs} ${cause.message}`, { cause })
  })
  const { status, stdout, stderr } = finished
  if (status === 0) return finished
  throw new Error(`${needs} ${command} ${args.join(' ')}: status ${status}\n${stdout}\n${stderr}`)
}
