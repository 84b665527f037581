/** Hashes in the form of PHC, that others have published together with their passwords. */
import type { Vector } from './support.ts'

const fromHex = (hex: string) => Buffer.from(hex, 'hex').toString('base64').replaceAll('=', '')
const fromText = (text: string) => Buffer.from(text).toString('base64').replaceAll('=', '')

export const SCRYPT: readonly Vector[] = [
  {
    source: 'RFC 7914 section 12, vector 1',
    password: '',
    hash: `$scrypt$ln=4,r=1,p=1$$${fromHex('77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906')}`,
  },
  {
    source: 'RFC 7914 section 12, vector 2',
    password: 'password',
    hash: `$scrypt$ln=10,r=8,p=16$${fromText('NaCl')}$${fromHex('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640')}`,
  },
  {
    source: 'RFC 7914 section 12, vector 3',
    password: 'pleaseletmein',
    hash: `$scrypt$ln=14,r=8,p=1$${fromText('SodiumChloride')}$${fromHex('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887')}`,
  },
  {
    source: 'documentation of passlib.hash.scrypt',
    password: 'password',
    hash: '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
  },
  {
    source: 'the tests of pylibscrypt, $7$',
    password: 'pleaseletmein',
    hash: '$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D',
  },
  {
    source: 'the documentation of PyNaCl, which has libsodium make $7$',
    password: 'my password',
    hash: '$7$C6..../....qv5tF9KG2WbuMeUOa0TCoqwLHQ8s0TjQdSagne9NvU0$3d218uChMvdvN6EwSvKHMASkZIG51XPIsZQDcktKyN7',
  },
  {
    source: 'libxcrypt 4.4, $7$ as mkpasswd asks for it',
    password: 'correct horse',
    hash: '$7$CU..../....saltsalt$4rn3uYfhV6KXd7ZnBH7frr3TnK3NA0.7qzYU/winIq2',
  },
  {
    source: 'libxcrypt 4.4, $7$ without salt',
    password: '',
    hash: '$7$86..../....$W.J0c8nc2kF3Ce0iF0H4WO5R4Hkp2AeWFTQh24.e940',
  },
]

const pbkdf2 = (digest: string, iterations: number, salt: string, hex: string) =>
  `$pbkdf2-${digest}$i=${iterations}$${fromText(salt)}$${fromHex(hex)}`

export const PBKDF2: readonly Vector[] = [
  {
    source: 'RFC 6070, vector 1',
    password: 'password',
    hash: pbkdf2('sha1', 1, 'salt', '0c60c80f961f0e71f3a9b524af6012062fe037a6'),
  },
  {
    source: 'RFC 6070, vector 2',
    password: 'password',
    hash: pbkdf2('sha1', 2, 'salt', 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957'),
  },
  {
    source: 'RFC 6070, vector 3',
    password: 'password',
    hash: pbkdf2('sha1', 4096, 'salt', '4b007901b765489abead49d926f721d065a429c1'),
  },
  {
    source: 'RFC 6070, vector 5',
    password: 'passwordPASSWORDpassword',
    hash: pbkdf2(
      'sha1',
      4096,
      'saltSALTsaltSALTsaltSALTsaltSALTsalt',
      '3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038',
    ),
  },
  {
    source: 'RFC 6070, vector 6',
    password: 'pass\0word',
    hash: pbkdf2('sha1', 4096, 'sa\0lt', '56fa6aa75548099dcc37d7f03425e0c3'),
  },
  {
    source: 'RFC 7914 section 11, vector 1',
    password: 'passwd',
    hash: pbkdf2(
      'sha256',
      1,
      'salt',
      '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    ),
  },
  {
    source: 'RFC 7914 section 11, vector 2',
    password: 'Password',
    hash: pbkdf2(
      'sha256',
      80000,
      'NaCl',
      '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
    ),
  },
  {
    source: 'passlib, New Application Quickstart Guide',
    password: 'toomanysecrets',
    hash: '$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk',
  },
  {
    source: 'the tests of Pleroma, AuthenticationPlug',
    password: 'test-password',
    hash: '$pbkdf2-sha512$160000$loXqbp8GYls43F0i6lEfIw$AY.Ep.2pGe57j2hAPY635sI/6w7l9Q9u9Bp02PkPmF3OrClDtJAI8bCiivPr53OKMF7ph6iHhN68Rom5nEfC2A',
  },
]
