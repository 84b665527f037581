/** A program stands still for longer than ejabberd waits, and goes on with a request that was given up. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HOST, replace } from '../e2e/support/configuration.ts'
import { type Ejabberd, startEjabberd } from '../e2e/support/ejabberd.ts'
import { isAlive, kill } from '../e2e/support/processes.ts'
import { Stream } from './support/stream.ts'

let ejabberd: Ejabberd
before(async () => {
  // So that the request is where it is expected.
  const edits = [(text: string) => replace(text, 'extauth_pool_size: 5', 'extauth_pool_size: 1')]
  ejabberd = await startEjabberd({ edits })
  await ejabberd.addAccount('alice', HOST, 'first')
})
after(() => ejabberd?.dispose())

test('a password change that was told as failed does not undo the one after it', async () => {
  const alice = await enter('first')
  const change = (password: string) => alice.registration({ username: 'alice', password })
  const former = (await ejabberd.until('a program', () => ejabberd.workers()[0])).pid
  kill(former, 'SIGSTOP')
  assert.equal(await change('second'), 'internal-server-error')
  assert.equal(await change('third'), undefined)
  kill(former, 'SIGCONT')
  await ejabberd.until('the former program to end', () => !isAlive(former))
  assert.match(ejabberd.programLog(), /operation=setpass .*whoever asked has given up/)
  alice.leave()
  const again = await enter('third')
  again.leave()
  await assert.rejects(enter('second'), /not-authorized/)
})

async function enter(password: string): Promise<Stream> {
  const stream = await Stream.open(ejabberd)
  const failure = await stream.signIn('alice', password)
  if (failure !== undefined) {
    stream.cut()
    throw new Error(failure)
  }
  await stream.bind()
  return stream
}
