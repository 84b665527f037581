import { posix } from 'node:path'

// The modules in few files: opening one costs a start about half a millisecond, and there are more than a hundred.
const BACKENDS = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql'].map((name) => `backends/${name}`)
const ENTRIES = ['cli', 'index', 'combinations', 'passwords/off-loop-worker', ...BACKENDS]

/**
 * Takes Node's own modules as they are: what an `import` puts around each of them, and all that it reads for that, is a
 * twentieth of a start. They are declared in the place, and in the number of lines, in which they were imported.
 */
const nodeModules = {
  name: 'node-modules',
  renderChunk: (code, { name }) =>
    // The entry has to come up where Node.js is too old, to say so.
    name === 'cli' ? null : { code: code.replace(IMPORT, declaration), map: null },
}
const IMPORT = /^import (?:\* as (\w+)|(\{[^}]*\})) from ("node:[^"]+");$/gm
const declaration = (_import, all, some, module) =>
  `const ${all ?? some.replaceAll(' as ', ': ')} = process.getBuiltinModule(${module});`

/**
 * Imports what is wanted from the file it is in, and not from one that only hands on, which rolldown writes for an entry and
 * where a file holds more than the module that is imported: each of them costs a start a hundredth.
 */
const noGoBetweens = {
  name: 'no-go-betweens',
  generateBundle(_options, bundle) {
    const chunks = Object.values(bundle).filter(({ type }) => type === 'chunk')
    for (const { code, fileName, isEntry } of chunks) {
      const [, names, specifier] = HANDS_ON.exec(code) ?? []
      if (specifier === undefined || names.includes(' as ')) continue
      const source = posix.join(posix.dirname(fileName), specifier)
      for (const chunk of chunks) {
        chunk.code = chunk.code.replaceAll(importOf(fileName, chunk), importOf(source, chunk))
      }
      if (isEntry) continue
      delete bundle[fileName]
      const name = posix.basename(fileName)
      const others = chunks.filter((chunk) => chunk.fileName !== fileName && chunk.code.includes(`/${name}"`))
      if (others.length > 0)
        throw new Error(`${others.map(({ fileName }) => fileName)} still import ${fileName}`)
    }
  },
}
const HANDS_ON = /^export \{ ([^}]*) \} from "([^"]+)";\s*$/

function importOf(file, importer) {
  const path = posix.relative(posix.dirname(importer.fileName), file)
  return `import("${path.startsWith('.') ? path : `./${path}`}")`
}

export default {
  input: Object.fromEntries(ENTRIES.map((name) => [name, `src/${name}.ts`])),
  platform: 'node',
  // Packages are the administrator's to install.
  external: /^(?!\.|\/)/,
  plugins: [nodeModules, noGoBetweens],
  // That some of them are there already when a command asks for them is as it should be.
  checks: { ineffectiveDynamicImport: false },
  output: {
    dir: 'dist',
    // So that what a file exports has the names that whoever imports it goes by.
    minifyInternalExports: false,
    sourcemap: true,
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: [
        // All that a worker starts with, but for its backend.
        { name: 'main', test: /\/src\/main\.ts$/ },
        // What all backends that keep passwords have.
        {
          name: 'backends/common',
          test: /\/src\/(option-rules|backends\/patience|passwords\/(checker|formats))\.ts$/,
        },
        // Beside its worker, which it starts by a relative path.
        { name: 'passwords/off-loop', test: /\/src\/passwords\/off-loop\.ts$/ },
      ],
    },
  },
}
