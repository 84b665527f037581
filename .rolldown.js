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

export default {
  input: Object.fromEntries(ENTRIES.map((name) => [name, `src/${name}.ts`])),
  platform: 'node',
  // Packages are the administrator's to install.
  external: /^(?!\.|\/)/,
  plugins: [nodeModules],
  // That some of them are there already when a command asks for them is as it should be.
  checks: { ineffectiveDynamicImport: false },
  output: {
    dir: 'dist',
    sourcemap: true,
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: [
        // All that a worker starts with, but for its backend.
        { name: 'main', test: /\/src\/main\.ts$/ },
        // What all backends that keep passwords have.
        {
          name: 'backends/common',
          test: /\/src\/(backends\/(options|patience)|passwords\/(checker|formats))\.ts$/,
        },
        // Beside its worker, which it starts by a relative path.
        { name: 'passwords/off-loop', test: /\/src\/passwords\/off-loop\.ts$/ },
      ],
    },
  },
}
