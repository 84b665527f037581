import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packageRoot } from '../e2e/support/package.ts'

const ROOT = packageRoot()

/** The pages under docs/, by name. */
export function pages(): readonly string[] {
  const folder = join(ROOT, 'docs')
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : []
}

/** A document of the package, by its path. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The code blocks of a language in a document. */
export function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  )
}

/** Where the links of a document lead to, as they are written. */
export function links(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The anchors that GitHub makes of the headings of a document. */
export function anchors(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/^#+ +(.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

/** A folder as a user of the package has it: this one is installed, and what it may be used with. */
export function installedFolder(program: string) {
  const folder = mkdtempSync(join(tmpdir(), 'extauth-docs-'))
  const modules = join(folder, 'node_modules')
  const link = (target: string, name: string) => {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(target, join(modules, name))
  }
  link(ROOT, 'ejabberd-extauth')
  link(program, '.bin/ejabberd-extauth')
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  for (const name of Object.keys(devDependencies)) link(join(ROOT, 'node_modules', name), name)
  return {
    folder,
    env: { ...process.env, PATH: `${join(modules, '.bin')}:${process.env['PATH']}` },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
