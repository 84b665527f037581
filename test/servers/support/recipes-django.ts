import { findProgram, runCommand } from './daemon.ts'

/** A user of the Django application. */
export interface DjangoUser {
  username: string
  /** Without one, the user has an unusable password. */
  password?: string
  /** The name of one of Django's hashers. */
  hasher?: 'pbkdf2_sha256' | 'pbkdf2_sha1' | 'argon2' | 'bcrypt_sha256' | 'bcrypt'
  isActive?: boolean
}

/** Where the database of the application is. */
export interface DjangoDatabase {
  host: string
  port: number
  database: string
  user: string
  password?: string
}

/** An application with nothing but Django's own users, which makes their tables and then the users. */
const SCRIPT = `
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

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command

call_command('migrate', verbosity=0)
for user in users:
    created = User.objects.create_user(user['username'], password=user.get('password'), is_active=user.get('isActive', True))
    if 'hasher' in user:
        created.password = make_password(user['password'], hasher=user['hasher'])
        created.save()
`

/** Makes the tables of Django's users with its own migrations, and the users with its own hashers. */
export async function migrateDjango(
  folder: string,
  { host, port, database, user, password }: DjangoDatabase,
  users: readonly DjangoUser[],
): Promise<void> {
  const python = findProgram('python3', '/usr/bin/python3')
  for (const [debianPackage, module] of [
    ['python3-django', 'django'],
    ['python3-psycopg2', 'psycopg2'],
    ['python3-argon2', 'argon2'],
    ['python3-bcrypt', 'bcrypt'],
  ] as const)
    findProgram(debianPackage, `/usr/lib/python3/dist-packages/${module}/__init__.py`)
  const place = { NAME: database, USER: user, PASSWORD: password ?? '', HOST: host, PORT: port }
  await runCommand(python, ['-c', SCRIPT], { folder, input: JSON.stringify([place, users]) })
}
