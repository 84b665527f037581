import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { NewHashFormat } from '../../src/passwords/formats.ts'
import { hashPassword, verifyPassword } from '../../src/passwords/registry.ts'
import { findProgram, makeFolder, removeFolder, runCommand } from './support/daemon.ts'

const PHP = findProgram('php-cli', '/usr/bin/php')
const PERL = findProgram('perl-base', '/usr/bin/perl')
const PYTHON = findProgram('python3-django', '/usr/bin/python3')

const folder = makeFolder('hashes')
after(() => removeFolder(folder))

const PASSWORD = 'pa:ss w\u00f6rd'

const VERIFY_IN_PHP = `
[, $password, $hash] = $argv;
if (str_starts_with($hash, '$wp')) {
  $password = base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true));
  $hash = substr($hash, 3);
}
echo password_verify($password, $hash) ? 'yes' : 'no', ' ', password_get_info($hash)['algoName'];
`

const VERIFY_IN_DJANGO = `
import sys
from django.conf import settings
settings.configure()
from django.contrib.auth.hashers import check_password
print('yes' if check_password(sys.argv[1], sys.argv[2]) else 'no', end='')
`

const inPhp = (password: string, hash: string) =>
  runCommand(PHP, ['-r', VERIFY_IN_PHP, '--', password, hash], { folder })
const inDjango = (password: string, hash: string) =>
  runCommand(PYTHON, ['-c', VERIFY_IN_DJANGO, password, hash], { folder })

for (const [newHashes, verify, algorithm] of [
  ['bcrypt', inPhp, ' bcrypt'],
  ['wordpress', inPhp, ' bcrypt'],
  ['argon2id', inPhp, ' argon2id'],
  ['django', inDjango, ''],
] as const satisfies readonly (readonly [NewHashFormat, typeof inPhp, string])[]) {
  test(`a new hash of ${newHashes} is read by the application that it is for`, async () => {
    const hash = await hashPassword(PASSWORD, { newHashes })
    assert.equal(await verify(PASSWORD, hash), `yes${algorithm}`)
    assert.equal(await verify(`${PASSWORD}x`, hash), `no${algorithm}`)
  })
}

/** What the libxcrypt of this machine makes. */
const crypt = (password: string, setting: string) =>
  runCommand(PERL, ['-e', 'print crypt($ARGV[0], $ARGV[1])', '--', password, setting], { folder })

const SALT = 'fresh.salt'

for (const setting of [
  `$7$86..../....${SALT}`,
  `$7$CU..../....${SALT}`,
  '$7$82..../1....',
  `$sha1$262144$${SALT}$`,
  `$sha1$4$${SALT.repeat(6)}$`,
  `$2x$04$${'a'.repeat(22)}`,
  `$2y$04$${'a'.repeat(22)}`,
  `$5$rounds=1000$${SALT}`,
  `$6$${SALT}`,
]) {
  test(`what crypt(3) makes with ${setting} verifies`, async () => {
    const password = setting.startsWith('$2x$') ? 'pa:ss word' : PASSWORD
    const hash = await crypt(password, setting)
    for (const stored of [hash, `{CRYPT}${hash}`]) {
      assert.equal(await verifyPassword(stored, password), true)
      assert.equal(await verifyPassword(stored, `${password}x`), false)
    }
  })
}
