/**
 * Digests of password and salt that an application keeps in columns of their own. SQL puts them together, with a formula
 * before them that says what the digest is of; all of them are weak formats:
 *
 *     md5(md5(salt)+md5(password))$salt$digits     MyBB
 *     md5(md5(password)+salt)$salt$digits          vBulletin
 *     sha1(salt+sha1(password))$salt$digits        Redmine
 *     sha256(salt+password)$salt$digits            and password+salt, of any digest
 *
 * The digests inside are hexadecimal digits in lower case. The salt may hold a `$`.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { HashError } from '../errors.ts'
import { digestOfLength, isHexDigest } from './digest.ts'
import type { HashContext, HashFamily } from './family.ts'
import { type PasswordFormats, requireWeak, type WeakDigest } from './formats.ts'

/** The family of digests with a formula before them. */
export const formulas: HashFamily = { check: (hash, { formats }) => void parse(hash, formats), verify }

/** Of what a digest is made: these texts, one after the other. */
type Ingredients = (password: string, salt: string) => readonly string[]

const INGREDIENTS: ReadonlyMap<string, Ingredients> = new Map<string, Ingredients>([
  ['salt+password', (password, salt) => [salt, password]],
  ['password+salt', (password, salt) => [password, salt]],
  ['md5(salt)+md5(password)', (password, salt) => [hex('md5', salt), hex('md5', password)]],
  ['md5(password)+salt', (password, salt) => [hex('md5', password), salt]],
  ['salt+sha1(password)', (password, salt) => [salt, hex('sha1', password)]],
])

interface Parsed {
  readonly digest: WeakDigest
  readonly ingredients: Ingredients
  readonly salt: string
  readonly digits: string
}

async function verify(hash: string, password: string, { formats }: HashContext): Promise<boolean> {
  const { digest, ingredients, salt, digits } = parse(hash, formats)
  return isHexDigest(digest, digits, ...ingredients(password, salt))
}

function parse(hash: string, formats: PasswordFormats): Parsed {
  const match = /^([a-z0-9]*)\(([a-z0-9()+]*)\)\$(.*)\$([0-9a-fA-F]*)$/s.exec(hash)
  const [, name = '', formula = '', salt = '', digits = ''] = match ?? []
  const ingredients = INGREDIENTS.get(formula)
  const digest = digestOfLength(digits.length)
  if (ingredients === undefined || digest === undefined || digest !== name) {
    throw new HashError(
      `Expected a digest, in brackets one of ${[...INGREDIENTS.keys()].join(', ')}, then $salt$ and as many hexadecimal ` +
        'digits as the digest has, got something else',
    )
  }
  requireWeak(formats, `${digest}-salted`, `a ${digest} digest behind a formula`)
  return { digest, ingredients, salt, digits }
}

function hex(digest: WeakDigest, text: string): string {
  return createHash(digest).update(text).digest('hex')
}
