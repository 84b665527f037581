/**
 * The keys that are written in the options.
 *
 * @module
 */
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { listed } from '../tokens.ts'
import type { ChooseKey, Jose, Key, KeyHint } from './jose.ts'

/** Where keys come from. */
export interface Keys {
  /** The keys that a token with this header may have been signed with; with none of them it is refused. */
  candidates(hint: KeyHint, signal: () => AbortSignal): Promise<readonly Key[]>
  close?(): void
}

/** A secret as text, of which the UTF-8 bytes are meant, or as bytes. */
export type Secret = string | Uint8Array

/** A public key: PEM (also of a certificate), or a JSON Web Key. */
export type PublicKey = string | JsonWebKey

/** The keys are the secrets, all of them: a token does not say reliably which. */
export function secretKeys(secret: Secret | readonly Secret[]): Keys {
  const keys = listed(secret).map((one) => (typeof one === 'string' ? new TextEncoder().encode(one) : one))
  return { candidates: async () => keys }
}

/** The keys are the public keys that fit the algorithm, whatever the token says they are called. */
export function publicKeys(publicKey: PublicKey | readonly PublicKey[], load: () => Promise<Jose>): Keys {
  const keys = listed(publicKey).map((one) => toKeyObject(one).export({ format: 'jwk' }))
  let choose: Promise<ChooseKey> | undefined
  return {
    async candidates({ alg }) {
      choose ??= load().then((jose) => jose.createLocalJWKSet({ keys }))
      return fitting(await choose, { alg })
    },
  }
}

/** All keys of a set that fit. */
export async function fitting(choose: ChooseKey, { alg, kid }: KeyHint): Promise<readonly Key[]> {
  try {
    // What is no text is the name of no key, and is compared as such.
    return [await choose(kid === undefined ? { alg } : { alg, kid: kid as string })]
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ERR_JWKS_NO_MATCHING_KEY') return []
    if (error.code === 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') return collect(error)
    throw error
  }
}

/** `jose` hands several keys over as an error that can be iterated. */
async function collect(error: Error): Promise<readonly Key[]> {
  const keys: Key[] = []
  for await (const key of error as Error & AsyncIterable<Key>) keys.push(key)
  return keys
}

/** Reads a public key; throws whatever `node:crypto` throws if it is none. */
export function toKeyObject(key: PublicKey): KeyObject {
  // Loaded only for who writes down keys: a worker is to start soon.
  const { createPublicKey } = process.getBuiltinModule('node:crypto')
  return typeof key === 'string' ? createPublicKey(key) : createPublicKey({ key, format: 'jwk' })
}
