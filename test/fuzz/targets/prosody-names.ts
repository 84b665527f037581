import { strict as assert } from 'node:assert'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readProsodyFiles } from '../../../src/accounts/prosody.ts'
import { makeText, mutateBytes, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** The name of a file or a directory, in the bytes that it has on the disk, and the name that it has to be read as. */
interface Example {
  readonly host: Written
  readonly users: readonly Written[]
}

interface Written {
  readonly file: Buffer
  /** `undefined` if the file was damaged. */
  readonly name: string | undefined
}

/** Names of files of Prosody to names of users and servers. */
export const prosodyNames: Target = {
  name: 'prosody-names',
  unit: 'cases',
  share: 2,
  count: 50,
  run: property({ generate, check, show }),
}

function generate(random: Random): Example {
  const users = random.list(random.between(1, 12), () => makeWritten(random))
  return { host: makeWritten(random), users: users.filter(isFirst) }
}

function isFirst({ file }: Written, at: number, all: readonly Written[]): boolean {
  return all.findIndex((other) => other.file.equals(file)) === at
}

/** Most that fits with `.dat` behind it. */
const MOST_BYTES = 250

function makeWritten(random: Random): Written {
  const name = wellFormed(makeText(random)) || 'x'
  const file = encode(name)
  if (file.length > MOST_BYTES) return { file: Buffer.from('x'), name: 'x' }
  if (!random.oneIn(3)) return { file, name }
  const damaged = mutateBytes(random, file).filter((byte) => byte !== 0 && byte !== 0x2f)
  const isName = damaged.length > 0 && damaged.length <= MOST_BYTES && !/^\.+$/.test(String(damaged))
  return isName ? { file: Buffer.from(damaged), name: undefined } : { file, name }
}

/** `encode` of util.datamanager. */
function encode(name: string): Buffer {
  const letters = [...Buffer.from(name)].map((byte) => {
    const letter = String.fromCharCode(byte)
    return /\w/.test(letter) && letter !== '_' ? letter : `%${byte.toString(16).padStart(2, '0')}`
  })
  return Buffer.from(letters.join(''))
}

/** `decode` of util.datamanager; `undefined` where that is no text. */
function decode(file: Buffer): string | undefined {
  const bytes = file
    .toString('latin1')
    .replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  try {
    return UTF8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function check({ host, users }: Example): void {
  const directory = mkdtempSync(join(tmpdir(), 'extauth-fuzz-'))
  try {
    const accounts = Buffer.concat([Buffer.from(`${directory}/`), host.file, Buffer.from('/accounts')])
    mkdirSync(accounts, { recursive: true })
    for (const { file } of users) {
      writeFileSync(
        Buffer.concat([accounts, Buffer.from('/'), file, Buffer.from('.dat')]),
        file.toString('hex'),
      )
    }
    const found = readProsodyFiles(directory)
    assert.equal(found.length, users.length, 'as many files are read as there are')
    for (const { user, server, text } of found) {
      const written = users.find(({ file }) => file.toString('hex') === text)
      assert.ok(written !== undefined, 'a file is read that nobody has written')
      judge(user, written)
      judge(server, host)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** What Prosody has written comes back; what it has not is the name that Prosody would read, or is told. */
function judge(found: string | undefined, { name, file }: Written): void {
  if (name !== undefined) assert.equal(found, name)
  else if (found !== undefined) assert.equal(found, decode(file))
}

function show({ host, users }: Example): string {
  return [host, ...users]
    .map(({ file, name }) => `${file.toString('latin1')} (${JSON.stringify(name)})`)
    .join('\n')
}
