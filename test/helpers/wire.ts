import { encodeFrame } from '../../src/frame.ts'

/** Replies as hex, for comparing. */
export const YES = '00020001'
export const NO = '00020000'
export const NEITHER = '00020002'

/** Joins bodies to the bytes that ejabberd would write. */
export function frames(...bodies: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(bodies.map((body) => encodeFrame(body)))
}

/** The bytes of a request, not yet in a frame: the words joined by colons. */
export function body(...fields: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field, index) => (index === 0 ? [bytesOf(field)] : [bytesOf(':'), bytesOf(field)])),
  )
}

/** Cuts bytes at these offsets, in any order; doubled offsets make empty chunks. */
export function cut(bytes: Buffer, ...offsets: readonly number[]): Buffer[] {
  const bounds = [0, ...[...offsets].sort((a, b) => a - b), bytes.length]
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end))
}

/** The same bytes, one in a chunk. */
export function byteByByte(bytes: Buffer): Buffer[] {
  return cut(bytes, ...Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1))
}

function bytesOf(field: string | Uint8Array): Buffer {
  return Buffer.from(field)
}
