import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = new URL('../../src/', import.meta.url)
const BACKENDS = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql']

/** These ask their servers with the client that `http` has. */
const WITH_HTTP_CLIENT = ['jwt', 'oauth']

/** All that is loaded with a module before anything of it is called: files below `src`, and names of packages. */
function loadedWith(url: URL, found: Set<string> = new Set()): ReadonlySet<string> {
  const file = url.href.slice(SRC.href.length)
  if (found.has(file)) return found
  found.add(file)
  const statements = readFileSync(fileURLToPath(url), 'utf8').matchAll(
    /^(?:import|export) (?:[^;'"(]* from )?'([^']+)'/gm,
  )
  for (const [, specifier = ''] of statements) {
    if (specifier.startsWith('.')) loadedWith(new URL(specifier, url), found)
    else found.add(specifier)
  }
  return found
}

const compiled = (name: string) => new URL(`backends/${name}.js`, SRC)
const isPackage = (name: string) => !name.endsWith('.js') && !isBuiltin(name)

for (const backend of BACKENDS) {
  test(`${backend} is loaded without another backend, and without a package`, () => {
    const loaded = [...loadedWith(compiled(backend))]
    const foreign = loaded.filter((file) =>
      BACKENDS.filter((name) => name !== backend).some(
        (name) =>
          file === `backends/${name}.js` ||
          (file.startsWith(`backends/${name}/`) && !(name === 'http' && WITH_HTTP_CLIENT.includes(backend))),
      ),
    )
    assert.ok(loaded.includes('backends/patience.js'), 'the imports are found')
    assert.deepEqual([...foreign, ...loaded.filter(isPackage)], [])
  })
}

test('no password is verified and no connection made by what is loaded with all of them', () => {
  const loaded = loadedWith(new URL('index.js', SRC))
  assert.deepEqual([...loaded].filter(isPackage), [])
  for (const late of ['passwords/registry.js', 'passwords/crypt.js', 'node:http', 'node:https'])
    assert.equal(loaded.has(late), false, late)
})
