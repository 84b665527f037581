/**
 * The errors this package throws on purpose: one class per condition, told apart by `code`.
 *
 * Misuse of the library (a wrong option, a wrong type) is a plain `TypeError` or `RangeError`.
 *
 * @module
 */

/** The base of every error of this package: `instanceof ExtauthError`, or look at `code`. */
export abstract class ExtauthError extends Error {
  /** Stable, to be compared; the message is for people and may change. */
  abstract readonly code: string
  override get name(): string {
    return this.constructor.name
  }
}

/** The input ended inside a frame. */
export class TruncatedFrameError extends ExtauthError {
  override readonly code = 'ERR_TRUNCATED_FRAME'
}

/** A frame would have to hold more than 65 535 bytes, which its 2-byte length cannot say. */
export class FrameTooLargeError extends ExtauthError {
  override readonly code = 'ERR_FRAME_TOO_LARGE'
}

/** The command line cannot be understood; the message says what to type instead. */
export class UsageError extends ExtauthError {
  override readonly code = 'ERR_USAGE'
}

/** The handlers module could not be loaded, or what it exports are not handlers. */
export class HandlersError extends ExtauthError {
  override readonly code = 'ERR_HANDLERS'
}

/** The account store cannot be used: missing, unreadable, or open to others. */
export class StoreError extends ExtauthError {
  override readonly code = 'ERR_STORE'
}

/**
 * A stored hash is of a format that cannot be verified here, is malformed, or asks for too much work; or a new password
 * cannot be stored in the format that was asked for.
 */
export class HashError extends ExtauthError {
  override readonly code = 'ERR_HASH'
}

/**
 * What is behind a backend (a database, a directory, a web service) cannot be reached, or is not able to answer
 * just now: the same question may well be answered in a moment.
 */
export class UnavailableError extends ExtauthError {
  override readonly code = 'ERR_UNAVAILABLE'
  /** For how long, in milliseconds, it does not want to be asked again. */
  readonly retryAfter: number

  constructor(message?: string, options: ErrorOptions & { readonly retryAfter?: number } = {}) {
    super(message, options)
    this.retryAfter = options.retryAfter ?? 0
  }
}

/**
 * What is behind a backend answered with something that is neither yes nor no, and would do so again: a table that is
 * not there, a right that is missing, a body that was not agreed on.
 */
export class BackendError extends ExtauthError {
  override readonly code = 'ERR_BACKEND'
}

/** Too many wrong passwords came for this user just now: this one was not looked at, and may be right. */
export class TooManyRefusalsError extends ExtauthError {
  override readonly code = 'ERR_TOO_MANY_REFUSALS'
}

/**
 * Nobody can find out, by the administrator's choice and for no fault: told to ejabberd as a failure, so that it decides
 * by itself, but logged as what happens every day. A handler of yours may throw it, too.
 */
export class UndecidedError extends ExtauthError {
  override readonly code = 'ERR_UNDECIDED'
}

/** A package that this one does without is needed for what was asked, and is not installed; the message says which. */
export class MissingPackageError extends ExtauthError {
  override readonly code = 'ERR_MISSING_PACKAGE'
}

/** The program at the other end of the wire ended, or closed its output, before it answered. */
export class ProgramEndedError extends ExtauthError {
  override readonly code = 'ERR_PROGRAM_ENDED'
}

/** The program at the other end of the wire did not answer in time. */
export class NoReplyError extends ExtauthError {
  override readonly code = 'ERR_NO_REPLY'
}

/** The program at the other end of the wire answered with something that is neither yes nor no. */
export class UnexpectedReplyError extends ExtauthError {
  override readonly code = 'ERR_UNEXPECTED_REPLY'
}
