import { dispatch } from '../../src/dispatch.ts'
import { UnavailableError } from '../../src/errors.ts'
import { Frame } from '../../src/frame.ts'
import type {
  Answer,
  Handlers,
  Operation,
  PasswordRequest,
  Request,
  UserRequest,
} from '../../src/handlers.ts'
import type { IncomingRequest } from '../../src/incoming-request.ts'
import type { Outcome } from '../../src/outcome.ts'
import { parseRequest } from '../../src/request.ts'
import { body } from '../helpers/wire.ts'

export const SERVER = 'example.org'

/** All operations, with what stands behind user and server. */
export const LAST: Readonly<Record<Operation, readonly string[]>> = {
  auth: ['secret'],
  isuser: [],
  setpass: ['secret'],
  tryregister: ['secret'],
  removeuser: [],
  removeuser3: ['secret'],
  certauth: ['certificate'],
}

export const OPERATIONS = Object.keys(LAST) as Operation[]

/** A request as it comes from the wire. */
export function request(
  operation: Operation,
  user = 'alice',
  server = SERVER,
  ...last: readonly string[]
): IncomingRequest {
  const parsed = parseRequest(
    Frame.of(body(operation, user, server, ...(last.length > 0 ? last : LAST[operation]))),
  )
  if ('reason' in parsed) throw new Error(parsed.reason)
  return parsed
}

/** What the program would make of it. */
export async function outcome(handlers: Handlers, asked: IncomingRequest): Promise<Outcome> {
  return dispatch(asked, { handlers: () => handlers, deadline: 30_000, onLate: () => {} })
}

export async function kind(handlers: Handlers, asked: IncomingRequest): Promise<Outcome['kind']> {
  return (await outcome(handlers, asked)).kind
}

export function auth(user: string, password: string, signal = new AbortController().signal): PasswordRequest {
  return { operation: 'auth', user, server: SERVER, password, signal }
}

export function isuser(user: string, signal = new AbortController().signal): UserRequest {
  return { operation: 'isuser', user, server: SERVER, signal }
}

/** What a handler may do: answer, at once or later, with what is an answer or is none, or throw. */
export interface Behaviour {
  readonly says: boolean | undefined | 'yes' | 'throws'
  readonly late: boolean
}

/** A handler that behaves like this, and tells `heard` what it was asked. */
export function behave(
  { says, late }: Behaviour,
  heard: (request: Request) => void = () => {},
): (request: Request) => Answer {
  const answer = (): boolean => {
    if (says === 'throws') throw new UnavailableError('the store is away')
    return says as boolean
  }
  return (asked) => {
    heard(asked)
    return late ? Promise.resolve().then(answer) : answer()
  }
}

/** A store in memory that can be taken away and stalled, and the handlers in front of it. */
export function memoryStore(...accounts: readonly (readonly [user: string, password: string])[]) {
  const passwords = new Map(accounts)
  let mood: 'up' | 'down' | 'stalled' = 'up'
  const heard: Request[] = []

  function reach<Request_ extends Request>(act: (request: Request_) => boolean) {
    return async (asked: Request_): Promise<boolean> => {
      heard.push(asked)
      if (mood === 'stalled') await new Promise((_, reject) => onAbort(asked.signal, reject))
      if (mood === 'down') throw new UnavailableError('the store is away')
      return act(asked)
    }
  }

  const handlers: Required<Pick<Handlers, 'auth' | 'isuser' | 'setpass' | 'tryregister' | 'removeuser'>> = {
    auth: reach(({ user, password }: PasswordRequest) => passwords.get(user) === password),
    isuser: reach(({ user }: UserRequest) => passwords.has(user)),
    setpass: reach(({ user, password }: PasswordRequest) => {
      if (!passwords.has(user)) return false
      passwords.set(user, password)
      return true
    }),
    tryregister: reach(({ user, password }: PasswordRequest) => {
      if (passwords.has(user)) return passwords.get(user) === password
      passwords.set(user, password)
      return true
    }),
    removeuser: reach(({ user }: UserRequest) => {
      passwords.delete(user)
      return true
    }),
  }
  return {
    passwords,
    handlers,
    heard,
    stop: () => {
      mood = 'down'
    },
    stall: () => {
      mood = 'stalled'
    },
    restart: () => {
      mood = 'up'
    },
  }
}

function onAbort(signal: AbortSignal, listener: (reason: unknown) => void): void {
  if (signal.aborted) listener(signal.reason)
  else signal.addEventListener('abort', () => listener(signal.reason), { once: true })
}
