import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { giveTo } from '../../e2e/support/account.ts'
import { type Edit, withHandlers } from '../../e2e/support/configuration.ts'
import { Ejabberd } from '../../e2e/support/ejabberd.ts'
import { install } from '../../e2e/support/installation.ts'
import { packageRoot } from '../../e2e/support/package.ts'

/** Starts an ejabberd whose handlers module can import this package and `packages`, as an administrator's does. */
export async function startEjabberdWith(
  handlers: string,
  packages: readonly string[],
  edits: readonly Edit[],
): Promise<Ejabberd> {
  const ejabberd = new Ejabberd(await install())
  try {
    const { account, folder, places } = ejabberd.installation
    const modules = join(folder, 'node_modules')
    mkdirSync(modules)
    symlinkSync(dirname(dirname(realpathSync(places.program))), join(modules, 'ejabberd-extauth'))
    for (const name of packages) copyPackage(name, modules)
    giveTo(account, modules)
    ejabberd.configure(withHandlers(ejabberd.write('handlers.js', handlers)))
    for (const edit of edits) ejabberd.configure(edit)
    await ejabberd.start()
  } catch (error) {
    await ejabberd.dispose()
    throw error
  }
  return ejabberd
}

/** A package and what it needs: ejabberd may not look into the checkout. */
function copyPackage(name: string, modules: string): void {
  const source = realpathSync(join(packageRoot(), 'node_modules', name))
  cpSync(source, join(modules, name), { recursive: true })
  const { dependencies = {} } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  for (const needed of Object.keys(dependencies)) copyPackage(needed, modules)
}
