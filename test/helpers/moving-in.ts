import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { read } from './documents.ts'

/** The code block of the page about moving in that stands behind a marker. */
export function commandsOf(marker: string): string {
  const found = new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(
    read('docs/moving-in.md'),
  )?.[1]
  if (found === undefined) throw new Error(`docs/moving-in.md has no block ${marker}`)
  return found
}

/** Makes commands in a folder that is to be in the PATH. */
export function installCommands(folder: string, commands: Readonly<Record<string, readonly string[]>>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, words] of Object.entries(commands))
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${words.join(' ')}\n`, { mode: 0o755 })
}
