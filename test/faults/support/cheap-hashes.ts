import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Edit } from '../../e2e/support/configuration.ts'

/** What a new hash costs, as src/passwords/scrypt.ts has it, in whatever file and layout the build puts it. */
const COST = /\bln: 15,(?=\s*r: 8,\s*p: 3\b)/

/**
 * An edit that leaves the configuration alone: ejabberd gets a copy of the program in which one number is another. A
 * new hash costs a thirtieth, so that what limits fifty clients on two cores is not what passwords cost on purpose.
 */
export const withCheapHashes: Edit = (text, { program }) => {
  const folder = dirname(program)
  const copy = join(folder, 'cheap')
  const original = dirname(dirname(realpathSync(program)))
  for (const name of ['dist', 'package.json'])
    cpSync(join(original, name), join(copy, name), { recursive: true })
  cheapen(join(copy, 'dist'))
  link(join(copy, 'dist', 'cli.js'), program)
  // Handlers that import the package get the same one.
  const asPackage = join(folder, 'node_modules', 'ejabberd-extauth')
  if (existsSync(asPackage)) link(copy, asPackage)
  return text
}

/** Makes new hashes cheap in a built program. */
function cheapen(dist: string): void {
  const files = readdirSync(dist, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(dist, name))
    .filter((file) => COST.test(readFileSync(file, 'utf8')))
  const [file] = files
  if (file === undefined || files.length > 1)
    throw new Error(`${COST} is in ${files.length} files of ${dist}`)
  writeFileSync(file, readFileSync(file, 'utf8').replace(COST, 'ln: 10,'))
}

function link(target: string, path: string): void {
  rmSync(path)
  symlinkSync(target, path)
}
