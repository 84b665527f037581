import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { start } from '../../program/support.ts'
import { installRecipe } from './recipes.ts'
import type { Database } from './recipes-databases.ts'

/** The virtual host of the chat. */
export const SERVER = 'example.org'

/** The password of everybody who has one. */
export const PASSWORD = 'pa:ss w\u00f6rd'

/** What a password is changed to. */
export const NEW_PASSWORD = 'new: \u00fc'

/** Somebody who tries to log in, and what comes of it. */
export interface Login {
  readonly user: string
  readonly who: string
  readonly password: string
  readonly auth: boolean
  readonly isuser: boolean
}

/** Somebody who is let in. */
export function allowed(user: string, who: string, password: string = PASSWORD): Login {
  return { user, who, password, auth: true, isuser: true }
}

/** Somebody who is not, in spite of the right password; `isuser` if others may write to them all the same. */
export function refused(
  user: string,
  who: string,
  { password = PASSWORD, isuser = false }: { password?: string; isuser?: boolean } = {},
): Login {
  return { user, who, password, auth: false, isuser }
}

/** Somebody whom no application knows. */
export const NOBODY: Login = refused('nobody', 'somebody unknown')

/** Loads a recipe into the program as it is shipped, and logs in with the right and with a wrong password. */
export async function logIn(t: TestContext, handlers: string, logins: readonly Login[]): Promise<void> {
  const program = start(t, ['--handlers', installRecipe(t, handlers)])
  const { client } = program
  for (const { user, who, password, auth, isuser } of logins) {
    await t.test(`${auth ? 'lets in' : 'refuses'} ${who}`, async () => {
      assert.equal(await client.auth(user, SERVER, password), auth)
      assert.equal(await client.auth(user, SERVER, `${password}x`), false)
      assert.equal(await client.isuser(user, SERVER), isuser)
    })
  }
  const status = await client.close()
  assert.doesNotMatch(program.log, /level=(warn|error)/)
  assert.equal(status, 0)
}

/** Changes a password through a recipe: the new one logs in, and the old one does not any more. */
export async function changePassword(t: TestContext, handlers: string, user: string): Promise<void> {
  const { client } = start(t, ['--handlers', installRecipe(t, handlers)])
  assert.equal(await client.auth(user, SERVER, PASSWORD), true)
  assert.equal(await client.setpass(user, SERVER, NEW_PASSWORD), true)
  assert.equal(await client.auth(user, SERVER, NEW_PASSWORD), true)
  assert.equal(await client.auth(user, SERVER, PASSWORD), false)
  await assert.rejects(client.setpass('nobody', SERVER, NEW_PASSWORD), { code: 'ERR_UNEXPECTED_REPLY' })
  assert.equal(await client.close(), 0)
}

/** Runs the GRANT of a recipe; what it does not give is refused by the database. */
export async function grant(
  t: TestContext,
  database: Database,
  statements: string,
  forbidden: readonly string[],
): Promise<void> {
  await database.execute(statements)
  for (const statement of forbidden) {
    await t.test(`the program may not: ${statement}`, async () => {
      await assert.rejects(database.asProgram(statement), ({ code }: { code: string }) => {
        assert.ok(FORBIDDEN.includes(code), code)
        return true
      })
    })
  }
}

/** "Insufficient privilege" and the two that MariaDB has for it. */
const FORBIDDEN = ['42501', 'ER_COLUMNACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR']
