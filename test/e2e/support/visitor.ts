/**
 * Logs in at an ejabberd of the example, in whatever network it is started in: `visitor.js USER PASSWORD`.
 *
 * Ends with 0 if that worked, and tells on standard error why not.
 *
 * @module
 */
import { EXAMPLE_PLACES } from './configuration.ts'
import { login } from './login.ts'

const [user = '', password = ''] = process.argv.slice(2)
const server = { installation: { places: EXAMPLE_PLACES }, evidence: () => '' }
const client = await login(server, 'tcp', { user, password })
await client.stop()
