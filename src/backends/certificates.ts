/**
 * The certificates of authorities, as an option.
 *
 * @module
 */
import type { Rule } from '../option-rules.ts'

/** One or more certificates in PEM, as text or as the bytes of a file. */
export const certificates: Rule = {
  expected: 'one or more certificates in PEM (what is in the file, not its name)',
  isValid: (value) => (typeof value === 'string' || Buffer.isBuffer(value)) && areCertificates(String(value)),
  // Somebody may have taken the key for the certificate.
  secret: true,
}

/** As OpenSSL finds them: only where a line begins. */
const BLOCKS = /^-----BEGIN [^-]*-----[^-]*^-----END [^-]*-----/gm

/** Every one of them is read: what OpenSSL cannot read, it passes over in silence. */
function areCertificates(text: string): boolean {
  const blocks = text.match(BLOCKS) ?? []
  const rest = text.replace(BLOCKS, '')
  return blocks.length > 0 && blocks.every(isCertificate) && !/-----(BEGIN|END) /.test(rest)
}

function isCertificate(block: string): boolean {
  // Loaded only for who has certificates: a worker is to start soon.
  const { X509Certificate } = process.getBuiltinModule('node:crypto')
  try {
    return new X509Certificate(block).raw.length > 0
  } catch {
    return false
  }
}
