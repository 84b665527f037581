/** Hashes with a scheme in braces, and SCRAM keys, with where they come from. */
import { ALL_WEAK, type Vector, vectors } from './support.ts'

export const LDAP: readonly Vector[] = [
  ...vectors('slappasswd of OpenLDAP 2.5.13', [
    ['secret', '{SSHA}5NexsBOhkFocDn14GkLODwDwLOpu7DYx'],
    ['secret', '{SMD5}IfbQEZlDMyU/4NDwoDLFYp88lnk='],
  ]),
  ...vectors('slappasswd with pw-sha2', [
    ['secret', '{SSHA256}RH/dEk0stBcXKceyrqsl/CoBG7dZSpnzXvKHRlzdpqexPUZu/l6Tyw=='],
    ['secret', '{SSHA384}jFs5+OWXbG4UbWSlybxUX5eKs1LLMneJJYti/dl/gMP3/iOUTaMbV7aVinx19XedIOdN38FhSnk='],
    [
      'secret',
      '{SSHA512}J721CJqG2vD0ov57BQjNgV225IS9zgIWVvuivR9Bentzwdl0xZzHpqByEdnzE0D7YxlFEuhj2YO2cG7wEIdt2rfFfacXmrSy',
    ],
  ]),
  ...vectors('slappasswd with pw-pbkdf2', [
    ['secret', '{PBKDF2}10000$8xwOL6DhalRUMqniAjMxRg$leAzOXtinh5QCAbY1QjMkrM6asw'],
    ['secret', '{PBKDF2-SHA1}10000$6ROCBSsa.rNYFXVW24L4mA$xWADFdMfIWgGEBYRMxPdGGniYoA'],
    ['secret', '{PBKDF2-SHA256}10000$Iij/vgP6y9JhId1FsKY5DQ$7fpCWarItu4F5yko6N1.2TjfeUMLH/imLlNqFCj4KB0'],
    [
      'secret',
      '{PBKDF2-SHA512}10000$QM0mM7GwZd9KHBbtIqOhdQ$O6VIrq4PyvGScuYMZcFrICozJLif3ZXL1FHO71xeQ/UFBjSkXGcq6hTsA181ZRZLkAVZKxbmQ1/kY3Xow8SHbw',
    ],
  ]),
  ...vectors('389 Directory Server, as the tests of Kolab have it', [
    [
      '12345678_kolab',
      '{PBKDF2-SHA512}10000$hbMHmUXNh3UoHNlDu+NJBOW+hVAhP3C0$ax9vNLL1rr85ppODFTykPC46igHh92vULWpZaR/CQqyD4IGG/IyPYbbC2v7BxSPIDUXc0e9AGX9IuwinIj5a/w==',
    ],
  ]),
  ...vectors('the example data of Apache OFBiz', [
    ['ofbiz', '{PBKDF2-SHA1}10000$W0JAMTY4ZTNlZjA=$HkbaHQBTdUbfDuL3tJ1eeyqouQ+66qqIj8Axx9vbHPQ='],
    ['ofbiz', '{PBKDF2-SHA256}10000$W0JAMTRjMzI4YmE=$vWXmPPjyVlvPjN/7v7heWXRPW5ZBWEQTeYv/vxDT5L8='],
    ['ofbiz', '{PBKDF2-SHA512}10000$W0JANTAwZGIwZDY=$M1ZJMdOEjE8bo5E7s5qfza6SZ3dVKwIiwZ8LyKL+2ns='],
  ]),
  ...vectors("made with hashlib of Python 3.11, by 389 Directory Server's algorithm", [
    ['secret', '{PBKDF2}10000$c2l4dGVlbiBieXRlcyBvaw==$ARUH3tuHlBBHQr3vx6HxDegIK/M='],
  ]),
  ...vectors('slappasswd with argon2', [
    [
      'secret',
      '{ARGON2}$argon2i$v=19$m=4096,t=3,p=1$vr/c9ZfcAeZCfSi/rdUwbA$SCRgUnpIpjRJvZlxXgYDbtg0Ymeh9FxruIhGqjF+T2s',
    ],
  ]),
  ...vectors('the specification of SHA-crypt, behind {CRYPT}', [
    ['Hello world!', '{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ]),
]

export const DOVECOT: readonly Vector[] = vectors('doveadm pw of Dovecot 2.3.19', [
  ['correct horse', '{SSHA}YnqOo2SxAo7xg39KRQjYpBU6bh+agOsG'],
  ['correct horse', '{SMD5}WKKNZdXRccWcbgC9DAww+Kp0b7c='],
  ['correct horse', '{SSHA256}Zsg9zMYZjDtayOK9r6h+tF9X9scv2dUVyY9pQ+MDtosur41Y'],
  ['correct horse', '{SSHA256.HEX}951992c1855b202f9b7933cd9f7e9d3a5ac1ddbb7e5e49ee1509e9470ec5f2cce58d8949'],
  [
    'correct horse',
    '{SSHA512}i0Xc3lUAUolksyJluo61WCeHsjeM/GJ4hc1CezrEiCJp55y+I2TTAzpxV61lPYcXFe+06MdIkpW8kwsqhRnHY724k5A=',
  ],
  [
    'correct horse',
    '{SSHA512.B64}awKAk04q74Ep2TXFOC0NtOP5B291bDtu0wBXB5qkagXFYzUeuSuRh98MpQGabg1n6q6lV+rNAXi4QrfWPFOZbtCIxTY=',
  ],
  ['correct horse', '{CRYPT}$2y$05$WsJhoNDQ1IEhRu.37HUynueAm/KXAmarCvSA8Y97im/bV.c67.7/C'],
  ['correct horse', '{BLF-CRYPT}$2y$05$ut.fozCdPFbJiOQgE.QAsurLbmVM5x30gQNOrZYm60Rn44wKpyw/a'],
  ['correct horse', '{MD5-CRYPT}$1$mAXPgm91$9F9yt3OG6OXeBahVmdnKI.'],
  ['correct horse', '{MD5}$1$MhWmrEQy$jlHi4sMNsdGsZk.zeZr4e/'],
  ['correct horse', '{SHA256-CRYPT}$5$7AB//QU.rg9rPXt5$ERwhd3dldVybkoofQmxjDtYdzYwRoCcBxb73hSbKLg4'],
  [
    'correct horse',
    '{SHA512-CRYPT}$6$HglnhRRSeK.UxYLM$rpftrjGxHe1d5XuDu2FS8pwZkW.0lL0Z3d7vmiMTRPU/Oj7hSOuI5Tg/DfeT0GrWrR26C4T5/0g7Q9a5quE7I0',
  ],
  [
    'correct horse',
    '{SHA512-CRYPT.B64}JDYkZURONUs1RGJZYU9xN0w5MSRNZzBsR1pSTUlVeVBzcm9sakdqZy9hQnlSRnk4TWl1M2N0QXlkSUtTTUd1VDFMMXBkOHNJRUVVY2FncC90NUFQOVFMemVobWtTRndLRjNUQ0lsdHh4MQ==',
  ],
  ['correct horse', '{PBKDF2}$1$QDmub9YuV7yEeRH1$5000$abd840c57ffce524ae320280b2cd2ef2b5ec3875'],
  ['ü€ x', '{PBKDF2}$1$bRkIdkizD4QkFiK3$1000$c42d7d14330dd8729ae1a08b5cc565669f2fee9b'],
  [
    'correct horse',
    '{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$SPSF9ABIX/m83CKj++yGpA$9gIoI2O/Hv9lgDjnTLXzyL3WQxxinormcUOgJ6x3KDM',
  ],
  [
    'correct horse',
    '{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$joGZJbkW8Rg8iV+0jaHPpQ$ftLXx3/SAn9Z4Glvl3OrP3hbR/ttrFotnJ30lxyfeTI',
  ],
  [
    'correct horse',
    '{SCRAM-SHA-1}4096,oCXVOwYztBY8u1volozQvw==,PIz6u20ckqQ4QIDtGSJFuExc300=,8EaFXbwmiN2WkQLTd02Yv0m2xhY=',
  ],
  [
    'correct horse',
    '{SCRAM-SHA-256}4096,Z202Tx6FpAHWEFrJgLPttA==,pmoWUUPO7+SUjR3FOWC3qYGzEimAOL594ro+Yvgw/eQ=,AWEXfxS8FFrlIbVkP4ZeHoAR5BGqkY3seu5aIPVVLtk=',
  ],
  [
    'café',
    '{SCRAM-SHA-256}4096,cS8SXpU2rDohMRN/LslIkw==,bCSZ+VYJooS795JH5HwQH4VtKv/lWsP62+cvEoS3A1U=,IUf2blDV6FEfmbdBzKxvBsELTTkLi2vN4kPqpOU+Zns=',
  ],
])

const SHA512_OF_SECRET =
  'vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW/isg=='

export const WEAK_SCHEMES: readonly Vector[] = [
  ...vectors(
    'slappasswd of OpenLDAP 2.5.13',
    [
      ['secret', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='],
      ['secret', '{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ=='],
      ['secret', '{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols='],
      ['secret', `{SHA512}${SHA512_OF_SECRET}`],
    ],
    { weak: ALL_WEAK },
  ),
  ...vectors(
    'NIST, example values for FIPS 180-4, in base64',
    [
      ['abc', '{SHA224}Iwl9IjQF2CKGQqR3vaJVsyqtvOS9oLP342ydpw=='],
      ['abc', '{SHA384}ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn'],
    ],
    { weak: ALL_WEAK },
  ),
  ...vectors(
    'doveadm pw of Dovecot 2.3.19',
    [
      ['correct horse', '{SHA1}L55TUjtiq8FBorTWAZ0jy6g129A='],
      ['correct horse', '{SHA}L55TUjtiq8FBorTWAZ0jy6g129A='],
      ['correct horse', '{SHA256}QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE='],
      ['correct horse', '{SHA256.HEX}4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631'],
      [
        'correct horse',
        '{SHA512}VraY3v7bWkNbY0r+MyC7rz/c2SC2xQOkRvx7endrKY1HnRumqLYXgI6wv1ec6aldZoNHvKtxSQhayTyyeZUZew==',
      ],
      ['correct horse', '{PLAIN-MD5}3cb4e732631f47e6eb961f34554b7cde'],
      ['correct horse', '{LDAP-MD5}PLTnMmMfR+brlh80VUt83g=='],
      ['correct horse', '{PLAIN}correct horse'],
      ['correct horse', '{CLEAR}correct horse'],
      ['correct horse', '{CLEARTEXT}correct horse'],
      ['correct horse', '{PLAIN.B64}Y29ycmVjdCBob3JzZQ=='],
    ],
    { weak: ALL_WEAK },
  ),
]
