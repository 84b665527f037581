import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { after, test } from 'node:test'
import { importHandlers } from '../src/handlers-module.ts'
import { packageRoot } from './e2e/support/package.ts'
import { anchors, blocks, installedFolder, links, pages, read } from './helpers/documents.ts'
import { PROGRAM } from './program/support.ts'

const ROOT = packageRoot()
const PAGES = pages().map((name) => `docs/${name}`)
const DOCUMENTS = ['README.md', 'SECURITY.md', ...PAGES]

const { folder, remove } = installedFolder(PROGRAM)
after(remove)

/** Each ```js block of the pages as a file; an administrator copies it into one. */
const MODULES = PAGES.flatMap((page) =>
  blocks(read(page), 'js').map((code, index) => ({
    page,
    code,
    file: `${page.replace(/\W+/g, '-')}-${index + 1}.mjs`,
  })),
)
for (const { file, code } of MODULES) writeFileSync(join(folder, file), code)

for (const document of DOCUMENTS)
  test(`every link of ${document} leads somewhere`, () => {
    for (const link of links(read(document))) {
      if (/^[a-z]+:/.test(link)) continue
      const [target = '', anchor] = link.split('#')
      const path = target === '' ? document : posix.join(posix.dirname(document), target)
      assert.ok(existsSync(join(ROOT, path)), `${link}: no such file`)
      if (anchor !== undefined) assert.ok(anchors(read(path)).includes(anchor), `${link}: no such heading`)
    }
  })

test('every page can be reached from the README', () => {
  const reached = new Set(['README.md'])
  for (const document of reached) {
    for (const link of links(read(document))) {
      const path = posix.join(posix.dirname(document), link.split('#')[0] ?? '')
      if (PAGES.includes(path)) reached.add(path)
    }
  }
  assert.deepEqual(
    PAGES.filter((page) => !reached.has(page)),
    [],
  )
})

test('every module in the pages compiles, and what it imports is there', () => {
  // The types of the oldest Node do not know what newer ones have.
  writeFileSync(
    join(folder, 'newer.d.ts'),
    "declare module 'node:sqlite' {\n  export const DatabaseSync: any\n}\n",
  )
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: false,
        allowJs: true,
        checkJs: true,
        noEmit: true,
        skipLibCheck: true,
        target: 'es2022',
        module: 'nodenext',
        types: ['node'],
      },
      files: ['newer.d.ts', ...MODULES.map(({ file }) => file)],
    }),
  )
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { stdout, status } = spawnSync(tsc, ['-p', folder], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

for (const { page, file } of MODULES.filter(({ page }) => page === 'docs/combinations.md'))
  test(`${file} of ${page} loads as a handlers module`, async () => {
    const handlers = await importHandlers(join(folder, file))
    await handlers.close?.()
  })

test('every backend and every combination has its place in the pages', () => {
  const exported = [
    ...read('src/index.ts').matchAll(/^export \{([^}]*)\} from '\.\/(?:backends\/|combinations\.)/gm),
  ]
  const names = exported.flatMap(([, list = '']) =>
    list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => /^[a-z]\w*$/.test(name)),
  )
  assert.ok(names.length >= 7)
  const all = DOCUMENTS.map(read).join('\n')
  assert.deepEqual(
    names.filter((name) => !new RegExp(`\\b${name}\\(`).test(all)),
    [],
  )
})
