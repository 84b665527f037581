/** Hashes of crypt(3), with where they come from. */
import type { Vector } from './support.ts'

const LONG = 'a very much longer text to encrypt.  This one even stretches over morethan one line.'

/** U. Drepper, "Unix crypt using SHA-256 and SHA-512", the test programs at its end; glibc and libxcrypt run them. */
const DREPPER: readonly (readonly [password: string, hash: string])[] = [
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  ['This is just a test', '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5'],
  [LONG, '$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1'],
  [
    'we have a short salt string but not a short password',
    '$5$rounds=77777$short$JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/',
  ],
  ['a short string', '$5$rounds=123456$asaltof16chars..$gP3VQ/6X7UUEW3HkBn2w1/Ptq2jxPyzV/cZKmF/wJvD'],
  [
    'the minimum number is still observed',
    '$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC',
  ],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'This is just a test',
    '$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
  ],
  [
    LONG,
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    'we have a short salt string but not a short password',
    '$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'a short string',
    '$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1',
  ],
  [
    'the minimum number is still observed',
    '$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
  ],
]

const OF_130 = 'a'.repeat(130)

/** `openssl passwd -1`, `-apr1`, `-5` and `-6` of OpenSSL 3.0.19. */
const OPENSSL: readonly (readonly [password: string, hash: string])[] = [
  ['correct horse', '$1$cknrXmTV$UJTFuFqT4CA/dAJJP3J/a.'],
  ['x', '$1$ab$e2KlfqG5YBMTjSz7XF.Eu1'],
  [OF_130, '$1$abcdefgh$3JAGp1vG/ARMRC6fDfwV/0'],
  ['', '$1$$qRPK7m23GJusamGpoGLby/'],
  ['päss €', '$1$saltsalt$ExYdxLA/5tHVnHGTwKqiP.'],
  ['correct horse', '$apr1$7fBiMmA1$Ybh6rq0l5HqzR3qwMUzIB1'],
  ['x', '$apr1$ab$eIePjsejfBGR8ITtu2z0U1'],
  [OF_130, '$apr1$abcdefgh$bwnvM/rI6Pys6WlAIQTpX1'],
  ['', '$apr1$$J/S5FGXXjRRxbhIznTb/E1'],
  ['päss €', '$apr1$saltsalt$uqQpvDHtJMLYZxjFI0QBY0'],
  ['correct horse', '$5$6NlZ8frK5CwmBALq$rFs8E/qUNxq4bjIW8GtCWJ802BujpotFShn6lgB8Vu5'],
  ['x', '$5$ab$5ydlOaPxAq0VpamGFK.BZgHF7HlR0erJsH.F7VB19f0'],
  [OF_130, '$5$abcdefgh$WUjWQHv6K5lDtdi0drSf643ZdP6KWE1UnMLQ5PbfTw6'],
  ['päss €', '$5$saltsalt$7S4PHWe80gRv3adYDem1Y0bmpASRxw/XHOFEY0XEhl3'],
  ['x', '$6$ab$jnZj29NS/hK2GaouP6AGMIBwD6owZFRejcn9QRdlwSjZaVr.fR9dH2TXrKL/PaacUXwtGfI.4O9zxvy2k6fbE1'],
  [
    OF_130,
    '$6$abcdefgh$f0XIAsJfDVI3Y3uyR4tZVl25FrE9FBKxCGivDiaPMAxGWdeFs1QBF5R5tOssyEfguupgrSKcUhcn2hSGH9kMw0',
  ],
  [
    'päss €',
    '$6$saltsalt$8P742ImqQJdYx4ZxaXKrjLS1wD97WSDHDOe/BiR37evpLgkqyQJrJ.sQBffs.qgh5v1rICdZI6rrU5wkTQJlU0',
  ],
  [
    'secret',
    '$6$rounds=1000$ab$3tLFZOSDxcyiDWcYSrieU1uloXMcbPJQRTcotZNqEJiB1iizwjzbn2jECOCvw6wslPpiTPzli2jppqTUXUq9N0',
  ],
]

/** The tests of passlib (`test_handlers.py`). */
const PASSLIB_SHA1: readonly (readonly [password: string, hash: string])[] = [
  ['password', '$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq'],
  ['password', '$sha1$19703$iVdJqfSE$v4qYKl1zqYThwpjJAoKX6UvlHq/a'],
]

/** crypt(3) of libxcrypt 4.4. */
const LIBXCRYPT: readonly (readonly [password: string, hash: string])[] = [
  ['correct horse', '$sha1$1000$saltsalt$ouns5uP5ckp8yJ3a80IEZtEDXjoB'],
  ['päss €', '$sha1$40000$jtNX3nZ2$pazZUDqbuiEQW3PNIpp8VBY7LWhx'],
  ['x'.repeat(64), '$sha1$7$ab$pcQVxGVMufh4V4OF0NVyOfBR3eBd'],
  ['x'.repeat(65), '$sha1$7$ab$gdVRsw6DbLq3s1QrId/04JnRqBA5'],
  ['x'.repeat(511), '$sha1$5$ab$R3I0FPnSjjxvUVHlPH24wuxh7oZB'],
  [OF_130.replaceAll('a', 'x'), `$sha1$1000$${'s'.repeat(64)}$y9HTdpcUs8/a9MFwINU3WL1/x3B2`],
]

/** What passlib makes when nothing is said about rounds. */
const PASSLIB =
  '$6$rounds=656000$dvnsVD6rZBVcsnp5$F4F3BKhLsJFx1DwSSpbyyiDMO0ksPJmDNYaKJ.dT15LkVh3X4ckpf8UGZ.mvpY6f8NnaBXCt2NI5ju4FCs3HK0'

export const CRYPT: readonly Vector[] = [
  ...DREPPER.map(([password, hash]) => ({ source: 'the specification of SHA-crypt', password, hash })),
  ...OPENSSL.map(([password, hash]) => ({ source: 'openssl passwd', password, hash })),
  ...PASSLIB_SHA1.map(([password, hash]) => ({ source: 'the tests of passlib', password, hash })),
  ...LIBXCRYPT.map(([password, hash]) => ({ source: 'libxcrypt', password, hash })),
  { source: 'passlib 1.7.4, sha512_crypt', password: 'correct horse', hash: PASSLIB },
]
