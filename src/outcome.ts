/**
 * What became of a request.
 *
 * @module
 */

/**
 * Allowed, refused ("no"), or failed ("could not find out"): never a bare boolean, so that a store that is away
 * cannot be taken for a wrong password.
 */
export type Outcome =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly reason?: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly undecided?: boolean }

/** The handler said yes. */
export const ALLOWED: Outcome = { kind: 'allowed' }

/** The handler said no. */
export const REFUSED: Outcome = { kind: 'refused' }

/** Nobody was asked: the request itself is at fault. */
export function refused(reason: string): Outcome {
  return { kind: 'refused', reason }
}

/** Nobody could find out. */
export function failed(reason: string): Outcome {
  return { kind: 'failed', reason }
}
