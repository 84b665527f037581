/**
 * All commands and options on one screen.
 *
 * @module
 */
import { version } from '../version.ts'

/** At most 24 lines of 80 characters. */
export function help(): string {
  return `ejabberd-extauth ${version()}: external authentication for ejabberd

ejabberd-extauth [run] [OPTIONS]                          what ejabberd starts
ejabberd-extauth call OPERATION USER SERVER [OPTIONS] [-- PROGRAM ARG...]
    ask as ejabberd does: auth isuser setpass tryregister removeuser removeuser3
    certauth; asks our handlers or, after --, any other program
ejabberd-extauth account add|passwd|remove USER SERVER    (or USER@SERVER)
ejabberd-extauth account list|count|export [SERVER]
ejabberd-extauth account import FILE [--server SERVER] [--replace]

    --accounts DIR     the account store (default /var/lib/ejabberd/accounts)
    --handlers FILE    a module of your own instead of the account store
    --timeout SECONDS  the deadline of a request (default 5, at most 25)
    --strict           answer only yes and no: MongooseIM, ejabberd before 18.06
    --log-level LEVEL  error, warn, info (default) or debug
    --log-file FILE    log there instead of standard error; SIGHUP reopens it
    --json             for call, list, count, import and export: for scripts
    --help, --version

Passwords are asked for on a terminal, or read as one line from standard input.
Exit status: 0 allowed or done, 1 refused, 2 wrong arguments, 3 failed.
`
}
