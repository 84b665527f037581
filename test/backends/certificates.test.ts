import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { http } from '../../src/backends/http.ts'
import { ldap } from '../../src/backends/ldap.ts'

const BACKENDS: Readonly<Record<string, (ca: unknown) => unknown>> = {
  http: (ca) => http({ url: 'https://127.0.0.1/', ca: ca as string }),
  ldap: (ca) => ldap({ url: 'ldaps://127.0.0.1', base: 'o=x', filter: '(uid=%u)', ca: ca as string }),
}

const [ONE = '', OTHER = ''] = rootCertificates
const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const KEY = '-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n'

for (const [name, backend] of Object.entries(BACKENDS)) {
  const taken = (title: string, ca: unknown) =>
    test(`${name} takes ${title} for its authorities`, () => assert.doesNotThrow(() => backend(ca)))
  const refused = (title: string, ca: unknown) =>
    test(`${name} does not take ${title} for its authorities, and does not show it`, () => {
      assert.throws(
        () => backend(ca),
        ({ name, message }: Error) =>
          name === 'TypeError' && /`ca` of .*PEM/.test(message) && !/czNj|AAAA/.test(message),
      )
    })

  taken('a certificate', ONE)
  taken('several certificates', `# one\n${ONE}\n# other\n${OTHER}\n`)
  taken('the bytes of a file', Buffer.from(ONE))
  refused('the name of a file', '/etc/ssl/ca.pem')
  refused('nothing', '')
  refused('what is no text', [ONE])
  refused('a certificate that is none', BROKEN)
  refused('a certificate that is none behind another one', `${ONE}\n${BROKEN}`)
  refused('a certificate and the beginning of another one', `${ONE}\n${OTHER.slice(0, 300)}`)
  refused('a certificate and the end of another one', `${OTHER.slice(300)}\n${ONE}`)
  refused('two certificates that share a line', `${ONE.trim()}${OTHER}`)
  refused('lines that are indented', ONE.replace(/^/gm, '  '))
  refused('a key', KEY)
  refused('a certificate and a key', `${ONE}\n${KEY}`)
}
