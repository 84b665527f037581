/** Hashes of the formats of web applications, that others have published together with their passwords. */
import type { WeakDigest } from '../../src/passwords/formats.ts'
import { type Vector, vectors } from './support.ts'

/** The text that the tests of passlib have for letters outside ASCII. */
const UPASS_TABLE = 't\u00e1\u0411\u2113\u0259'

export const BCRYPT: readonly Vector[] = [
  ...vectors('crypt_blowfish 1.2, wrapper.c', [
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
    ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
    ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
    [
      '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
      '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
    ],
  ]),
  ...vectors('passlib, test_handlers_bcrypt.py (from John the Ripper 1.7.9)', [
    ['U*U*U*U*', '$2a$05$c92SVSfjeiCD6F2nAD6y0uBpJDjdRkt0EgeC4/31Rf2LUZbDRDE.O'],
    ['U*U***U', '$2a$05$WY62Xk2TXZ7EvVDQ5fmjNu7b0GEzSzUXUh2cllxJwhtOeMtWV3Ujq'],
    ['', '$2a$05$Otz9agnajgrAe0.kFVF9V.tzaStZ2s1s4ZWi/LY4sw2k/MTVFj/IO'],
  ]),
  ...vectors('passlib, test_handlers_bcrypt.py', [
    ['0123456789'.repeat(26).slice(0, 254), '$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi'],
    ['0123456789'.repeat(26).slice(0, 257), '$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi'],
    [UPASS_TABLE, '$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG'],
    [UPASS_TABLE, '$2b$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG'],
  ]),
  ...vectors('passlib, test_handlers_bcrypt.py, bits that do not count', [
    ['test', '$2a$04$oaQbBqq8JnSM1NHRPQGXORY4Vw3bdHKLIXTecPDRAcJ98cz1ilveO'],
    ['test', '$2a$04$yjDgE74RJkeqC0/1NheSScrvKeu9IbKDpcQf/Ox3qsrRS/Kw42qIS'],
    ['test', '$2a$04$yjDgE74RJkeqC0/1NheSSOrvKeu9IbKDpcQf/Ox3qsrRS/Kw42qIV'],
  ]),
  ...vectors('passlib, test_handlers_bcrypt.py (from py-bcrypt)', [
    ['', '$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.'],
    ['a', '$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u'],
    ['~!@#$%^&*()      ~!@#$%^&*()PNBFRD', '$2a$10$LgfYWkbzEvQ4JakH7rOvHe0y8pHKF9OaFgwUZ2q7W2FFZmZzJYlfS'],
  ]),
  ...vectors('libxcrypt 4.4, $2x$', [
    ['U*U*', '$2x$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
    ['correct horse', '$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e'],
  ]),
  ...vectors('made with password_hash of PHP 8.2', [
    ['correct horse', '$2y$04$nnd33eM/o3sV0xaN0PFFE.wM59k9dYHNomC2sqAz.aenBU4QjIQby'],
    // 80 bytes, of which 72 count.
    ['\u00e9'.repeat(40), '$2y$04$83CpLUSu7zUFZHWvGQj4huUIM.ES8yXbXF5arnA46ZOEmP1V9IYi2'],
  ]),
]

export const ARGON2: readonly Vector[] = [
  ...vectors('phc-winner-argon2, src/test.c', [
    ['password', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
    ['password', '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'],
    ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    // Version 16.
    ['password', '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ'],
    ['password', '$argon2i$m=65536,t=2,p=1$ZGlmZnNhbHQ$eaEDuQ/orvhXDLMfyLIiWXeJFvgza3vaw4kladTxxJc'],
  ]),
  ...vectors('passlib, test_handlers_argon2.py', [
    ['password', '$argon2d$v=19$m=102400,t=2,p=8$g2RodLh8j8WbSdCp+lUy/A$zzAJqL/HSjm809PYQu6qkA'],
  ]),
  ...vectors('made with password_hash of PHP 8.2', [
    [
      'correct horse',
      '$argon2id$v=19$m=65536,t=4,p=1$SjU0TnlkR3NxS3BYbExuNQ$IS/dIxw7ueR58OKtsN897FAbrGyDyietV6x+U55v+HQ',
    ],
    [
      'correct horse',
      '$argon2i$v=19$m=65536,t=4,p=1$bmhGS3lsVzVCaThjMUsyLg$Nz/ybPmr8DwPzhsssfRUwV064BXUIb9XkRuptb1SvsY',
    ],
  ]),
]

export const WORDPRESS: readonly Vector[] = [
  ...vectors('github.com/openwall/john, issue 6016', [
    ['hashpwn', '$wp$2y$10$607XKVrBjPEqujeOXNwbYuOJ.gPMd2TelMMknmeV70Kap1E81Ovo6'],
  ]),
  ...vectors("made with PHP 8.2, by the algorithm of WordPress 6.8's wp_hash_password", [
    ['p\u00e4ssword with spaces', '$wp$2y$04$3svbjrQWrWvNYwKsPsDL7eFGyjNEWy7zGI/Ut8IQbf1ouORuEXhX6'],
    ['x'.repeat(100), '$wp$2y$04$9AyD1aU1SUQjVW0FODH5IusFwfUsotf1.xjH.ZutnQ5maCz68p/u2'],
  ]),
]

export const PHPASS: readonly Vector[] = vectors('passlib, tests of phpass', [
  ['test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['test1', '$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00'],
  ['123456', '$H$9PE8jEklgZhgLmZl5.HYJAzfGCQtzi1'],
  ['thisisalongertestPW', '$P$912345678LIjjb6PhecupozNBmDndU0'],
  ['JohnRipper', '$P$612345678si5M0DDyPpmRCmcltU/YW/'],
  ['JohnRipper', '$H$712345678WhEyvy1YWzT4647jzeOmo0'],
  ['JohnRipper', '$P$B12345678L6Lpt4BxNotVIMILOa9u81'],
  ['', '$P$7JaFQsPzJSuenezefD/3jHgt5hVfNH0'],
  ['compL3X!', '$P$FiS0N5L672xzQx1rt1vgdJQRYKnQM9/'],
  [UPASS_TABLE, '$P$7SMy8VxnfsIy2Sxm7fJxDSdil.h7TW.'],
])

export const DRUPAL: readonly Vector[] = [
  ...vectors('John the Ripper, drupal7.h', [
    ['virtualabc', '$S$CwkjgAKeSx2imSiN3SyBEg8e0sgE2QOx4a/VIfCHN0BZUNAWCr1X'],
    ['password', '$S$CFURCPa.k6FAEbJPgejaW4nijv7rYgGc4dUJtChQtV4KLJTPTC/u'],
    ['NEW_TEMP_PASSWORD', '$S$C6x2r.aW5Nkg7st6/u.IKWjTerHXscjPtu4spwhCVZlP89UKcbb/'],
  ]),
  ...vectors('github.com/zitadel/passwap, internal/testvalues/drupal7.go', [
    ['password', '$S$ErandomsaOpYrAZqwxGynirQbWYCb3ejW4BwGH81LJcOzbzeVd02'],
  ]),
]

export const DJANGO: readonly Vector[] = [
  ...vectors('Django 4.1, tests/auth_tests/test_hashers.py', [
    ['l\u00e8tmein', 'pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c='],
    ['l\u00e8tmein', 'pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I='],
    [
      'l\u00e8tmein',
      'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==',
    ],
    [
      'secret',
      'argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOEXXMocVrsJAtNSsKyfg',
    ],
    ['secret', 'argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q'],
    ['secret', 'argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw'],
  ]),
  ...vectors('passlib, test_handlers_django.py', [
    ['not a password', 'pbkdf2_sha256$10000$kjVJaVz6qsnJ$5yPHw3rwJGECpUf70daLGhOrQ5+AMxIJdz1c3bqK1Rs='],
    ['', 'bcrypt$$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.'],
    [UPASS_TABLE, 'bcrypt$$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG'],
    ['', 'bcrypt_sha256$$2a$06$/3OeRpbOf8/l6nPPRdZPp.nRiyYqPobEZGdNRBWihQhiFDh1ws1tu'],
    ['l\u00e8tmein', 'bcrypt_sha256$$2a$08$NDjSAIcas.EcoxCRiArvT.MkNiPYVhrsrnJsRkLueZOoV1bsQqlmC'],
    [
      `${'abc123'.repeat(12)}qwr`,
      'bcrypt_sha256$$2a$06$Tg/oYyZTyAf.Nb3qSgN61Ocy0BEz1RK6xslSNi8PlaLX2pe7x/KQG',
    ],
  ]),
]

export const NEXTCLOUD: readonly Vector[] = [
  ...vectors('Nextcloud server, tests/lib/Security/HasherTest.php', [
    ['password', '1|$2a$05$ezAE0dkwk57jlfo6z5Pql.gcIK3ReXT15W7ITNxVS0ksfhO/4E4Kq'],
    ['owncloud.com', '1|$2a$10$Yiss2WVOqGakxuuqySv5UeOKpF8d8KmNjuAPcBMiRJGizJXjA2bKm'],
    [
      'password',
      '2|$argon2i$v=19$m=1024,t=2,p=2$T3JGcEkxVFNOVktNSjZUcg$4/hyLtSejxNgAuzSFFV/HLM3qRQKBwEtKw61qPN4zWA',
    ],
    [
      'nextcloud.com',
      '2|$argon2id$v=19$m=65536,t=4,p=1$VGhGL05rcUI3d3k3WVhibQ$CSy0ShUnamZQhu8oeZfUTTd/S3z966zuQ/uz1Y80Rss',
    ],
  ]),
  // The hashes of ownCloud 6 and older: bcrypt of the password and the `passwordsalt` of config.php.
  ...vectors(
    'Nextcloud server, tests/lib/Security/HasherTest.php',
    [
      ['password', '$2a$08$emCpDEl.V.QwPWt5gPrqrOhdpH6ailBmkj2Hd2vD5U8qIy20HBe7.'],
      ['owncloud.com', '$2a$08$YbEsyASX/hXVNMv8hXQo7ezreN17T8Jl6PjecGZvpX.Ayz2aUyaZ2'],
      // Of the password alone.
      ['password', '1|$2a$05$4OQmloFW4yTVez2MEWGIleDO9Z5G9tWBXxn1vddogmKBQq/Mq93pe'],
    ],
    { pepper: '6Wow67q1wZQZpUUeI6G2LsWUu4XKx' },
  ),
]

export const WEAK: readonly Vector[] = [
  ...vectors(
    'Nextcloud server, tests/lib/Security/HasherTest.php',
    [['owncloud.com', '27a4643e43046c3569e33b68c1a4b15d31306d29']],
    { weak: ['sha1'] },
  ),
  ...vectors(
    'Django 4.1, tests/auth_tests/test_hashers.py',
    [['l\u00e8tmein', 'md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3']],
    { weak: ['md5-salted'] },
  ),
  ...vectors(
    'Django 4.1, tests/auth_tests/test_hashers.py',
    [['l\u00e8tmein', 'sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8']],
    { weak: ['sha1-salted'] },
  ),
  ...vectors(
    'Django 4.1, tests/auth_tests/test_hashers.py',
    [
      ['l\u00e8tmein', '88a434c88cca4e900f7874cd98123f43'],
      ['l\u00e8tmein', 'md5$$88a434c88cca4e900f7874cd98123f43'],
    ],
    { weak: ['md5'] },
  ),
  ...vectors(
    'hashcat, example hash of mode 11',
    [['hashcat', '19e0e8d91c722e7091ca7a6a6fb0f4fa:54718031842521651757785603028777']],
    { weak: ['md5-salted'] },
  ),
  ...vectors(
    'hashcat, example hash of mode 1300',
    [['hashcat', 'e4fa1555ad877bf0ec455483371867200eee89550a93eff2f95a6198']],
    { weak: ['sha224'] },
  ),
  ...vectors(
    'hashcat, example hash of mode 10800',
    [
      [
        'hashcat',
        '07371af1ca1fca7c6941d2399f3610f1e392c56c6d73fddffe38f18c430a2817028dae1ef09ac683b62148a2c8757f42',
      ],
    ],
    { weak: ['sha384'] },
  ),
  ...vectors(
    'NIST, example values for FIPS 180-4',
    [['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']],
    { weak: ['sha256'] },
  ),
  ...vectors(
    'NIST, example values for FIPS 180-4',
    [
      [
        'abc',
        'DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F',
      ],
    ],
    { weak: ['sha512'] },
  ),
]

const hashcat = (mode: number, formula: string, salt: string, digits: string): Vector => ({
  source: `hashcat, example hash of mode ${mode}`,
  password: 'hashcat',
  hash: `${formula}$${salt}$${digits}`,
  formats: { weak: [`${formula.slice(0, formula.indexOf('(')) as WeakDigest}-salted`] },
})

/** Digest and salt as SQL puts them together. */
export const FORMULAS: readonly Vector[] = [
  // MyBB and IP.Board, vBulletin before and since 3.8.5, Redmine, SMF.
  hashcat(2811, 'md5(md5(salt)+md5(password))', '47204', '8d2129083ef35f4b365d5d87487e1207'),
  hashcat(2611, 'md5(md5(password)+salt)', '568', '16780ba78d2d5f02f3202901c1b6d975'),
  hashcat(
    2711,
    'md5(md5(password)+salt)',
    '181264250056774603641874043270',
    'bf366348c53ddcfbd16e63edfdd1eee6',
  ),
  hashcat(
    4521,
    'sha1(salt+sha1(password))',
    '3290afd193d90e900e8021f81409d7a9',
    '1fb46a8f81d8838f46879aaa29168d08aa6bf22d',
  ),
  hashcat(121, 'sha1(salt+password)', '17782686', 'ecf076ce9d6ed3624a9332112b1cd67b236fdd11'),
  hashcat(10, 'md5(password+salt)', '7050461', '01dfae6e5d4d90d9892622325959afbe'),
  hashcat(20, 'md5(salt+password)', '4225637426', 'f0fda58630310a6dd91a7d8f0a4ceda2'),
  hashcat(110, 'sha1(password+salt)', '2014', '2fc5a684737ce1bf7b3b239df432416e0dd07357'),
  hashcat(
    1410,
    'sha256(password+salt)',
    '53743528',
    'c73d08de890479518ed60cf670d17faa26a4a71f995c1dcc978165399401a6c4',
  ),
  hashcat(
    1420,
    'sha256(salt+password)',
    '560407001617',
    'eb368a2dfd38b405f014118c7d9747fcc97f4f0ee75c05963cd9da6ee65ef498',
  ),
  hashcat(
    1710,
    'sha512(password+salt)',
    '6352283260',
    'e5c3ede3e49fb86592fb03f471c35ba13e8d89b8ab65142c9a8fdafb635fa2223c24e5558fd9313e8995019dcbec1fb584146b7bb12685c7765fc8c0d51379fd',
  ),
  hashcat(
    1720,
    'sha512(salt+password)',
    '2613516180127',
    '976b451818634a1e2acba682da3fd6efa72adf8a7a08d7939550c244b237c72c7d42367544e826c0c83fe5c02f97c0373b6b1386cc794bf0d21d2df01bb9c08a',
  ),
]
