/** What the checks take for the disaster is what ejabberd says when it comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Edit, replace } from '../e2e/support/configuration.ts'
import { startEjabberd } from '../e2e/support/ejabberd.ts'
import { assertCalm } from './support/checks.ts'

test('a program that dies as soon as it is started takes the supervisor of all pools with it, and that is seen', async () => {
  const ejabberd = await startEjabberd({ edits: [withProgramThatDies] })
  try {
    const hasGivenUp = () => /ejabberd_backend_sup.\n +errorContext: shutdown/.test(ejabberd.log())
    await ejabberd.until('the supervisor to give up', hasGivenUp)
    assert.throws(() => assertCalm({ ejabberd }), assert.AssertionError)
  } finally {
    await ejabberd.dispose()
  }
})

/** Without the pause that the example makes before a program is started again. */
const withProgramThatDies: Edit = (text, { program }) =>
  replace(text, ` '${program} `, ` 'exit 1; ${program} `)
