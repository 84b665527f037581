/**
 * What is used of the package `jose`, in types of our own: those who have not installed it compile, too.
 *
 * @module
 */
import type { JsonWebKey, webcrypto } from 'node:crypto'

/** What a signature is verified with. */
export type Key = Uint8Array | webcrypto.CryptoKey

/** What a token says of the key that it is signed with. */
export interface KeyHint {
  readonly alg: string
  readonly kid?: unknown
}

/** Finds the one key of a set that fits. */
export type ChooseKey = (header: { alg: string; kid?: string }) => Promise<webcrypto.CryptoKey>

/** The functions of `jose` that the backend calls. */
export interface Jose {
  decodeProtectedHeader(token: string): { alg?: unknown; kid?: unknown }
  jwtVerify(
    token: string,
    key: Key,
    options: { algorithms: string[]; clockTolerance: number; typ?: string },
  ): Promise<{ payload: Readonly<Record<string, unknown>> }>
  createLocalJWKSet(set: { keys: JsonWebKey[] }): ChooseKey
}
