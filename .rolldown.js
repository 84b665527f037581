// The modules in few files: opening one costs a start about half a millisecond, and there are more than a hundred.
const BACKENDS = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql'].map((name) => `backends/${name}`)
const ENTRIES = ['cli', 'index', 'passwords/off-loop-worker', ...BACKENDS]

export default {
  input: Object.fromEntries(ENTRIES.map((name) => [name, `src/${name}.ts`])),
  platform: 'node',
  // Packages are the administrator's to install.
  external: /^(?!\.|\/)/,
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
