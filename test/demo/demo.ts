/**
 * Shows the main job: real frames through the built program, against an account store made for the occasion, and,
 * where ejabberd is installed, a real login.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '../../src/client.ts'
import { encodeFrame } from '../../src/frame.ts'
import { HOST } from '../e2e/support/configuration.ts'
import { startEjabberd } from '../e2e/support/ejabberd.ts'
import { login } from '../e2e/support/login.ts'
import { packageRoot } from '../e2e/support/package.ts'

const PROGRAM = join(packageRoot(), 'dist', 'cli.js')
const [ALICE, BOB] = ['alice', 'bob']
const OLD = 'pa:ss €'
const NEW = 'correct horse'

type Word = 'yes' | 'no' | 'neither'

/** What happens, the body of the frame, and what the program must say. */
const QUESTIONS: readonly (readonly [event: string, body: string, expected: Word])[] = [
  ['Is there an alice?', `isuser:${ALICE}:${HOST}`, 'yes'],
  ['Is there a bob?', `isuser:${BOB}:${HOST}`, 'no'],
  ['alice logs in with her password', `auth:${ALICE}:${HOST}:${OLD}`, 'yes'],
  ['alice logs in with a part of it', `auth:${ALICE}:${HOST}:pa`, 'no'],
  ['alice changes her password', `setpass:${ALICE}:${HOST}:${NEW}`, 'yes'],
  ['alice logs in with the old one', `auth:${ALICE}:${HOST}:${OLD}`, 'no'],
  ['alice logs in with the new one', `auth:${ALICE}:${HOST}:${NEW}`, 'yes'],
  ['bob registers', `tryregister:${BOB}:${HOST}:sesame`, 'yes'],
  ['Somebody who does not exist changes the password', `setpass:nobody:${HOST}:sesame`, 'neither'],
  ['bob removes his account', `removeuser:${BOB}:${HOST}`, 'yes'],
  ['bob logs in', `auth:${BOB}:${HOST}:sesame`, 'no'],
  ['Something that is no operation arrives', 'hello', 'no'],
]

const WORDS: Readonly<Record<string, Word>> = { '0000': 'no', '0001': 'yes', '0002': 'neither' }

await showFrames()
await showLogin()

async function showFrames(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'extauth-demo-'))
  const accounts = join(folder, 'accounts')
  try {
    say(`$ ejabberd-extauth account add ${ALICE} ${HOST} --accounts ${accounts}`)
    const args = ['account', 'add', ALICE, HOST, '--accounts', accounts]
    say(
      execFileSync(PROGRAM, args, { input: `${OLD}\n`, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }),
    )
    say(`$ ejabberd-extauth --accounts ${accounts}      (as ejabberd starts it)\n`)
    const client = Client.start([PROGRAM, '--accounts', accounts], { stderr: 'ignore' })
    for (const question of QUESTIONS) await show(client, ...question)
    await client.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function show(client: Client, event: string, body: string, expected: Word): Promise<void> {
  const reply = await client.exchange(body)
  const word = WORDS[reply.toString('hex')]
  say(event)
  say(`  --> ${body}`)
  say(`      ${hex(encodeFrame(body))}`)
  say(`  <-- ${word === 'neither' ? 'neither yes nor no: it was not done, or could not be found out' : word}`)
  say(`      ${hex(encodeFrame(reply))}\n`)
  if (word !== expected) throw new Error(`Expected the reply ${expected}`)
}

async function showLogin(): Promise<void> {
  if (!existsSync('/usr/sbin/ejabberdctl')) {
    say('ejabberd is not installed here (apt-get install ejabberd): no login of a chat client is shown.')
    return
  }
  say('Starting ejabberd on loopback, with ejabberd.yml.example and only its ports and paths replaced ...')
  const ejabberd = await startEjabberd()
  try {
    await ejabberd.addAccount(ALICE, HOST, OLD)
    const client = await login(ejabberd, 'tcp', { user: ALICE, password: OLD })
    say(`A chat client has logged in over TCP with STARTTLS as ${client.jid}.`)
    await client.stop()
    await login(ejabberd, 'tcp', { user: ALICE, password: 'wrong' }).then(
      () => Promise.reject(new Error('a wrong password was accepted')),
      (error: Error) => say(`With a wrong password the server says: ${error.message}.`),
    )
    say(`\nThe program's log:\n${ejabberd.programLog()}`)
  } finally {
    await ejabberd.dispose()
  }
}

function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, 24))
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
  return bytes.length > 24 ? `${shown} ...` : shown
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
