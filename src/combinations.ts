/**
 * Handlers that are made of other handlers.
 *
 * @module
 */
export { byServer } from './combinations/by-server.ts'
export { firstOf } from './combinations/first-of.ts'
export { mapUser, type UserMap } from './combinations/map-user.ts'
export { readOnly } from './combinations/read-only.ts'
export { type RememberOptions, remember } from './combinations/remember.ts'
export { type SlowDownOptions, slowDown } from './combinations/slow-down.ts'
