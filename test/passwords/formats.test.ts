import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFormats, type PasswordFormats } from '../../src/passwords/formats.ts'
import { ALL_WEAK } from './support.ts'

const accepts = (title: string, formats: PasswordFormats) =>
  test(`${title} is accepted`, () => checkFormats('sql', formats))

accepts('nothing', {})
accepts('every weak format', { weak: ALL_WEAK })
accepts('a pepper', { pepper: 'sea salt' })
for (const newHashes of [
  'scrypt',
  'bcrypt',
  'argon2id',
  'django',
  'wordpress',
  'ssha512',
  'sha512-crypt',
] as const) {
  accepts(`newHashes ${newHashes}`, { newHashes })
}
const functions = { hash: async () => '', verify: async () => false }
accepts('packages that are passed in', { bcrypt: functions, argon2: functions })

const refuses = (title: string, formats: object, message: RegExp) =>
  test(`${title} is a TypeError that says what was expected`, () => {
    assert.throws(
      () => checkFormats('sql', formats as PasswordFormats),
      (error: Error) => error.constructor === TypeError && message.test(error.message),
    )
  })

refuses('a slip', { newHash: 'bcrypt' }, /^sql has no option `newHash`: did you mean .*newHashes/)
refuses('an unknown format', { newHashes: 'md5' }, /`newHashes` of sql to be one of scrypt, bcrypt.*`md5`/)
refuses(
  'an unknown weak format',
  { weak: ['plain', 'lm'] },
  /`weak\[1\]` of sql to be one of plain, md5.*, got `lm` \(string\)$/,
)
refuses('a weak format that is no list', { weak: 'md5' }, /`weak` of sql to be a list.*`md5`/)
refuses('an empty list', { weak: [] }, /`weak` of sql to be a list, each of it .*, got an empty list$/)
refuses('a pepper that is empty', { pepper: '' }, /`pepper` of sql to be a text, got a text of 0 characters/)
refuses(
  'a pepper that is a number',
  { pepper: 12345 },
  /`pepper` of sql to be a text, got a value of type number/,
)
refuses(
  'a package that is something else',
  { bcrypt: {} },
  /`bcrypt` of sql to be the package @node-rs\/bcrypt/,
)
refuses('a package by its name', { argon2: '@node-rs/argon2' }, /`argon2` of sql to be the package/)
refuses('no object', [], /the options of sql to be an object/)
