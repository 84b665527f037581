import { cpSync, existsSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Edit, replace } from '../../e2e/support/configuration.ts'

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
  const scrypt = join(copy, 'dist', 'passwords', 'scrypt.js')
  writeFileSync(
    scrypt,
    replace(readFileSync(scrypt, 'utf8'), '{ ln: 15, r: 8, p: 3 }', '{ ln: 10, r: 8, p: 3 }'),
  )
  link(join(copy, 'dist', 'cli.js'), program)
  // Handlers that import the package get the same one.
  const asPackage = join(folder, 'node_modules', 'ejabberd-extauth')
  if (existsSync(asPackage)) link(copy, asPackage)
  return text
}

function link(target: string, path: string): void {
  rmSync(path)
  symlinkSync(target, path)
}
