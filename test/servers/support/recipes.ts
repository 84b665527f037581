import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { installedFolder, read } from '../../helpers/documents.ts'
import { PROGRAM } from '../../program/support.ts'

const PAGE = read('docs/recipes.md')

/** The applications that the page has a recipe for. */
export const RECIPES: readonly string[] = [...PAGE.matchAll(/^## (?!Once$)(.*)$/gm)].map(
  ([, name = '']) => name,
)

/** What stands below a heading of the page, up to the next heading. */
function section(heading: string): string {
  const found = PAGE.split(/^## /m).filter((part) => part.startsWith(`${heading}\n`))
  if (found.length !== 1)
    throw new Error(`"${heading}" stands above ${found.length} parts of docs/recipes.md`)
  return found[0] ?? ''
}

/** The code blocks of a language below a heading: those that stand alone, or those of the notes, which are indented. */
function blocks(heading: string, language: string, indentation = ''): string[] {
  const fence = new RegExp(`^${indentation}\`\`\`${language}\\n(.*?)^${indentation}\`\`\`$`, 'gms')
  return [...section(heading).matchAll(fence)].map(([, code = '']) => code)
}

/** A recipe as it is printed. */
export interface Recipe {
  /** The handlers module. */
  readonly handlers: string
  /** What gives the database user of the program its rights. */
  readonly grant: string
  /** The options that the notes say to add, or to have instead. */
  readonly options: readonly string[]
  /** Fails if the notes do not say this, so that a test cannot do something else; returns it. */
  says(words: string): string
}

/** The recipe below a heading. */
export function recipe(heading: string): Recipe {
  const [handlers, ...otherHandlers] = blocks(heading, 'js')
  const [grant, ...otherGrants] = blocks(heading, 'sql')
  if (handlers === undefined || grant === undefined || otherHandlers.length + otherGrants.length > 0) {
    throw new Error(`Expected one handlers module and one GRANT below "${heading}"`)
  }
  return {
    handlers,
    grant,
    options: blocks(heading, 'js', '  '),
    says(words) {
      if (!section(heading).includes(words)) throw new Error(`"${heading}" does not say: ${words}`)
      return words
    },
  }
}

/** What makes the database user of the program, in the order of the page: for PostgreSQL, for MariaDB. */
export function databaseUsers(): [postgres: string, mariadb: string] {
  const [postgres, mariadb, ...others] = blocks('Once', 'sql')
  if (postgres === undefined || mariadb === undefined || others.length > 0) {
    throw new Error('Expected two database users below "Once"')
  }
  return [postgres, mariadb]
}

/** Where the page says that the databases are: all that a test changes of a recipe. */
export const PLACES = {
  postgres: "host: '/var/run/postgresql'",
  mariadb: "'/run/mysqld/mysqld.sock'",
} as const

/** Replaces what stands there once, and only once. */
export function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`"${from}" occurs ${parts.length - 1} times in:\n${text}`)
  return parts.join(to)
}

/** A handlers module with further options of `sql`. */
export function withOptions(handlers: string, options: string): string {
  return replaceOnce(handlers, '\n})\n', `\n${options}})\n`)
}

/** A handlers module with another statement for `auth`, written as an option. */
export function withAuth(handlers: string, option: string): string {
  return replaceOnce(handlers, authOf(handlers), option)
}

/** The option `auth` of a handlers module, with its name. */
export function authOf(handlers: string): string {
  const [option] = /^ {2}auth: .*?(?=^ {2}\w|^\}\))/ms.exec(handlers) ?? []
  if (option === undefined) throw new Error(`There is no option auth in:\n${handlers}`)
  return option
}

/** Writes a handlers module into a folder as the page has it made, with the program and the drivers installed. */
export function installRecipe(t: TestContext, handlers: string): string {
  const { folder, remove } = installedFolder(PROGRAM)
  t.after(remove)
  const file = join(folder, 'handlers.mjs')
  writeFileSync(file, handlers)
  return file
}
