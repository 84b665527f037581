import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../e2e/support/package.ts'

/** The hosts of the handlers module: one that answers at once, one with an account store. */
export const HOSTS = { instant: 'instant.test', store: 'store.test' } as const

/** The user who is there in this edition of the handlers module only. */
export function editionUser(edition: number): string {
  return `edition-${edition}`
}

/** A handlers module in a folder, which is edited while it is in use. */
export class HandlersFile {
  readonly path: string
  readonly #folder: string
  readonly #accounts: string
  edition = 0

  constructor(folder: string, accounts: string) {
    this.#folder = folder
    this.#accounts = accounts
    this.path = join(folder, 'handlers.mjs')
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(packageRoot(), join(folder, 'node_modules', 'ejabberd-extauth'))
    this.mend()
  }

  /** Writes the next edition. */
  mend(): void {
    this.#write(sourceOf(++this.edition, this.#accounts))
  }

  /** Leaves it as an administrator does who is called away while typing. */
  spoil(): void {
    this.#write(`${sourceOf(this.edition, this.#accounts)}\nexport const more = {\n`)
  }

  #write(source: string): void {
    const written = join(this.#folder, 'handlers.new')
    writeFileSync(written, source)
    renameSync(written, this.path)
  }
}

function sourceOf(edition: number, accounts: string): string {
  return `import { accounts, byServer } from 'ejabberd-extauth'

const isKnown = (user) => user.startsWith('known') || user === '${editionUser(edition)}'

const instant = {
  auth({ user, password }) {
    if (user === 'never') return new Promise(() => {})
    if (user === 'thrower') throw new Error('on purpose')
    return password === \`for \${user}\`
  },
  isuser: ({ user }) => isKnown(user),
  setpass: async ({ user }) => isKnown(user),
  tryregister: ({ user }) => new Promise((resolve) => setImmediate(resolve, !isKnown(user))),
  removeuser: () => true,
  certauth: ({ certificate }) => certificate.length % 2 === 0,
}

export default byServer({
  '${HOSTS.instant}': instant,
  '${HOSTS.store}': accounts({ directory: ${JSON.stringify(accounts)} }),
})
`
}
