import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'

/** Makes a self-signed certificate for the hosts and gives the file that holds its key and itself. */
export function makeCertificate(folder: string, hosts: readonly string[]): string {
  const [key, certificate, both] = ['key.pem', 'certificate.pem', 'ejabberd.pem'].map((name) =>
    join(folder, name),
  )
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-days', '2', '-subj', `/CN=${hosts[0]}`],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...[
        '-addext',
        `subjectAltName=IP:127.0.0.1,${hosts.flatMap((host) => [`DNS:${host}`, `DNS:*.${host}`]).join()}`,
      ],
      ...['-keyout', key as string, '-out', certificate as string],
    ],
    { stdio: 'pipe' },
  )
  writeFileSync(
    both as string,
    readFileSync(key as string, 'utf8') + readFileSync(certificate as string, 'utf8'),
  )
  trust(readFileSync(certificate as string, 'utf8'))
  return both as string
}

const trusted: string[] = []
const createSecureContext = tls.createSecureContext

/**
 * Lets every TLS client of this process trust the certificate. `@xmpp/client` and `fetch` take no list of
 * authorities, NODE_EXTRA_CA_CERTS is read before we run, and verification shall stay on.
 */
function trust(certificate: string): void {
  trusted.push(certificate)
  tls.createSecureContext = (options) => createSecureContext({ ...options, ca: options?.ca ?? trusted })
}
