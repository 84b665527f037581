import { findProgram, runCommand } from './daemon.ts'

/** A user of the Django application. */
export interface DjangoUser {
  username: string
  /** Without one, the user has an unusable password. */
  password?: string
  /** The name of one of Django's hashers. */
  hasher?: 'pbkdf2_sha256' | 'pbkdf2_sha1' | 'argon2' | 'bcrypt_sha256' | 'bcrypt'
  /** Instead of both: the hash itself. Scrypt has a hasher since Django 4.0, which Debian 12 does not have yet. */
  encoded?: string
  isActive?: boolean
}

/** Where the application works, and where its database is. */
export interface DjangoPlace {
  folder: string
  port: number
  database: string
}

/** An application with nothing but Django's own users. */
const APPLICATION = `
import json, sys
import django
from django.conf import settings

place, users = json.load(sys.stdin)
hashers = ['PBKDF2', 'PBKDF2SHA1', 'Argon2', 'BCryptSHA256', 'BCrypt']
settings.configure(
    INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth'],
    DATABASES={'default': {'ENGINE': 'django.db.backends.postgresql', **place}},
    PASSWORD_HASHERS=[f'django.contrib.auth.hashers.{name}PasswordHasher' for name in hashers],
    DEFAULT_AUTO_FIELD='django.db.models.BigAutoField',
)
django.setup()

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
`

const MIGRATE = `
call_command('migrate', verbosity=0)
for user in users:
    created = User.objects.create_user(user['username'], password=user.get('password'))
    created.is_active = user.get('isActive', True)
    if 'hasher' in user:
        created.password = make_password(user['password'], hasher=user['hasher'])
    if 'encoded' in user:
        created.password = user['encoded']
    created.save()
`

const AUTHENTICATE = `
print(json.dumps([authenticate(**user) is not None for user in users]))
`

/** Makes the tables of Django's users with its own migrations, and the users with its own hashers. */
export async function migrateDjango(place: DjangoPlace, users: readonly DjangoUser[]): Promise<void> {
  await runDjango(MIGRATE, place, users)
}

/** Does Django itself let them in, with these passwords? */
export async function askDjango(
  place: DjangoPlace,
  users: readonly { username: string; password: string }[],
): Promise<boolean[]> {
  return JSON.parse(await runDjango(AUTHENTICATE, place, users))
}

async function runDjango(script: string, place: DjangoPlace, users: readonly object[]): Promise<string> {
  for (const [debianPackage, module] of MODULES) {
    findProgram(debianPackage, `/usr/lib/python3/dist-packages/${module}/__init__.py`)
  }
  const { folder, port, database } = place
  const settings = { NAME: database, USER: 'postgres', HOST: '127.0.0.1', PORT: port }
  const input = JSON.stringify([settings, users])
  return runCommand('/usr/bin/python3', ['-c', APPLICATION + script], { folder, input })
}

const MODULES = [
  ['python3-django', 'django'],
  ['python3-psycopg2', 'psycopg2'],
  ['python3-argon2', 'argon2'],
  ['python3-bcrypt', 'bcrypt'],
] as const
