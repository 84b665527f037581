import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '../../src/client.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { type Contestants, compare } from './measure.ts'

/**
 * The time from the start of the program to its first reply, in milliseconds: with a handlers module that imports
 * nothing, and with ones that import a backend each.
 */
export async function timeLoading(modules: readonly string[], rounds: number): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'extauth-bench-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(packageRoot(), join(folder, 'node_modules', 'ejabberd-extauth'))
    const contestants: Record<string, Contestants[string]> = {}
    for (const name of ['', ...modules]) contestants[name] = starts(folder, name)
    const times = await compare(contestants, { rounds, calls: 1 })
    return new Map(Object.entries(times).map(([name, microseconds]) => [name, microseconds / 1000]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Starts the program with a handlers module of its own, asks it once, and ends it. */
function starts(folder: string, name: string): () => Promise<void> {
  const file = join(folder, `${name.replaceAll('/', '-') || 'nothing'}.mjs`)
  writeFileSync(
    file,
    `${name && `import 'ejabberd-extauth/${name}'\n`}export default { auth: () => true, isuser: () => true }\n`,
  )
  const program = join(packageRoot(), 'dist', 'cli.js')
  return async () => {
    const client = Client.start([process.execPath, program, '--handlers', file], { stderr: 'ignore' })
    await client.isuser('alice', 'example.org')
    await client.close()
  }
}
