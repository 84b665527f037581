import { PASSWORD, SERVER } from '../../backends/contract.ts'
import { entry, line, PEOPLE, person, type Slapd, SUFFIX, startSlapd } from './slapd.ts'

/** Names that mean something to a filter or a distinguished name, and how the entry of each is named. */
export const ODD_NAMES: readonly (readonly [name: string, rdn: string])[] = [
  ['jürgen', 'uid=jürgen'],
  ['张三', 'uid=张三'],
  ['a*b', 'uid=a*b'],
  ['a(b)c', 'uid=a(b)c'],
  ['back\\slash', 'uid=back\\\\slash'],
  ['doe,john', 'uid=doe\\,john'],
  ['x+y=z', 'uid=x\\+y\\=z'],
  ['#hash', 'uid=\\#hash'],
  ['semi;colon', 'uid=semi\\;colon'],
  ['john smith', 'uid=john smith'],
]

/** Somebody whose entry is named otherwise than the user. */
const JOHN = 'cn=Doe\\, John (chat)'

/** A policy that asks more of a password. */
export const STRICT = `cn=strict,ou=policies,${SUFFIX}`
const DEFAULT = `cn=default,ou=policies,${SUFFIX}`

const USERS = [
  person('uid=alice', 'alice', PASSWORD),
  ...ODD_NAMES.map(([name, rdn]) => person(rdn, name, `of ${name}`)),
  person(JOHN, 'john', 'john'),
  person('uid=whole', `whole@${SERVER}`, 'jid'),
  person('uid=deep,uid=alice', 'deep', 'deep'),
  // One search finds both of them.
  person('cn=twin 1', 'twin', 'twin'),
  person('cn=twin 2', 'twin', 'twin'),
  person('uid=nopassword', 'nopassword', undefined),
  person('uid=locked', 'locked', 'locked', 'pwdAccountLockedTime: 000001010000Z'),
  person('uid=expired', 'expired', 'expired', 'pwdChangedTime: 20010101000000Z'),
  person('uid=guarded', 'guarded', 'guarded-by-policy', `pwdPolicySubentry: ${STRICT}`),
]

const OTHERS = [
  entry(`uid=elsewhere,${PEOPLE}`, ['account', 'simpleSecurityObject'], 'uid: elsewhere', 'userPassword: x'),
  entry(
    `cn=chat,ou=groups,${SUFFIX}`,
    ['groupOfNames'],
    'cn: chat',
    `member: uid=alice,${PEOPLE}`,
    line('member', `${JOHN},${PEOPLE}`),
  ),
  policy(DEFAULT, 'pwdMaxAge: 100000000', 'pwdMinLength: 1', 'pwdCheckQuality: 1'),
  policy(STRICT, 'pwdMaxFailure: 2', 'pwdMinLength: 8', 'pwdCheckQuality: 2'),
]

/** Starts a server with users of all kinds, a group and password policies. */
export async function startPeople(): Promise<Slapd> {
  return startSlapd({
    entries: [...USERS, ...OTHERS],
    database: `overlay ppolicy\nppolicy_default "${DEFAULT}"`,
    // As servers were once, and some are still: to log in without a password is to log in as nobody.
    global: 'allow bind_anon_dn',
  })
}

function policy(dn: string, ...lines: string[]): string {
  const [, name = ''] = /^cn=(\w+)/.exec(dn) ?? []
  const all = [`cn: ${name}`, 'pwdAttribute: userPassword', 'pwdLockout: TRUE', ...lines]
  return entry(dn, ['organizationalRole', 'pwdPolicy'], ...all)
}
