import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../e2e/support/package.ts'

const BACKENDS = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql']

/** These ask their servers with the client that `http` has. */
const WITH_HTTP_CLIENT = ['jwt', 'oauth']

/** A file of the package as it is shipped. */
const read = (path: string) => readFileSync(posix.join(packageRoot(), path), 'utf8')

/** What a file of `dist` takes from others: how Node's own modules are taken there, see `.rolldown.js`. */
const TAKEN =
  /^(?:(?:import|export) (?:[^;'"(]* from )?|const [^;]* = process\.getBuiltinModule\()"([^"]+)"/gm

/** All that is loaded with a file before anything of it is called: files below `src`, and names of packages. */
function loadedWith(path: string): ReadonlySet<string> {
  const files = new Set([path])
  const loaded = new Set<string>()
  for (const file of files) {
    for (const source of sourcesOf(file)) loaded.add(source)
    for (const [, specifier = ''] of read(file).matchAll(TAKEN)) {
      if (specifier.startsWith('.')) files.add(posix.join(posix.dirname(file), specifier))
      else loaded.add(specifier)
    }
  }
  return loaded
}

/** The files below `src` that a file of `dist` was made of; one that only hands on has none. */
function sourcesOf(file: string): readonly string[] {
  if (!read(file).includes('//# sourceMappingURL=')) return []
  const { sources } = JSON.parse(read(`${file}.map`)) as { sources: readonly string[] }
  return sources.map((source) => posix.relative('src', posix.join(posix.dirname(file), source)))
}

const isPackage = (name: string) => !name.endsWith('.ts') && !isBuiltin(name)

/** Is it a file of this backend, or of its folder? */
const isOf = (backend: string) => (file: string) =>
  file === `backends/${backend}.ts` || file.startsWith(`backends/${backend}/`)

for (const backend of BACKENDS) {
  test(`${backend} is loaded without another backend, and without a package`, () => {
    const loaded = [...loadedWith(`dist/backends/${backend}.js`)]
    const isForeign = (file: string) =>
      BACKENDS.some((name) => {
        if (name === backend || !isOf(name)(file)) return false
        return file === `backends/${name}.ts` || name !== 'http' || !WITH_HTTP_CLIENT.includes(backend)
      })
    assert.ok(loaded.some(isOf(backend)) && loaded.includes('backends/patience.ts'), 'the imports are found')
    assert.deepEqual([...loaded.filter(isForeign), ...loaded.filter(isPackage)], [])
  })
}

test('combinations are loaded without a backend, and without a package', () => {
  const loaded = [...loadedWith('dist/combinations.js')]
  assert.ok(loaded.includes('combinations/first-of.ts'), 'the imports are found')
  const isForeign = (file: string) => BACKENDS.some((name) => isOf(name)(file))
  assert.deepEqual([...loaded.filter(isForeign), ...loaded.filter(isPackage)], [])
})

test('no password is verified and no connection made by what is loaded with all of them', () => {
  const loaded = loadedWith('dist/index.js')
  for (const backend of BACKENDS) assert.ok(loaded.has(`backends/${backend}.ts`), backend)
  assert.ok(loaded.has('node:crypto'), "what is taken of Node's own is found")
  assert.deepEqual([...loaded].filter(isPackage), [])
  for (const late of ['passwords/registry.ts', 'passwords/crypt.ts', 'node:http', 'node:https'])
    assert.equal(loaded.has(late), false, late)
})
