import { fileURLToPath } from 'node:url'
import { RunproofError } from '../model/error.ts'
import type { EntryRead } from './keyring/read-entry.ts'
import { runCommand } from './run-command.ts'

/** Under which entries are looked up; their account is the name that is given. */
const KEYRING_SERVICE = 'runproof'
/** A person may have to type the password of the keyring into a window. */
const WITHIN_MS = 30_000
/** Without these no session bus is found; nothing else is handed on. */
const HANDED_ON = ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'HOME']
const READER = fileURLToPath(new URL('./keyring/read-entry.ts', import.meta.url))

/**
 * The value that the keyring of this session (a Secret Service; the Keychain of macOS) has for an account.
 *
 * @throws RunproofError SECRET_MISSING where it has none; SECRET_UNREADABLE where it is locked, has several, or there is no
 *   keyring at all; TIMEOUT where it does not answer
 */
export async function readKeyring(account: string, env: NodeJS.ProcessEnv, withinMs = WITHIN_MS): Promise<string> {
  const passed = HANDED_ON.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]] as const]))
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', READER, KEYRING_SERVICE, account] as const
  const ended = await runCommand({ argv, env: Object.fromEntries(passed) }, { timeoutMs: withinMs })
  if (ended.timedOut)
    throw new RunproofError('TIMEOUT', `the keyring did not answer within ${withinMs} ms, asked for ${account}`, {
      hint: 'it may be asking for its password in a window; unlock it and run again, or use file: or env:',
    })
  const read = answerIn(ended.stdout)
  if (read.state === 'found') return read.value
  throw whyNot(read.state, account)
}

function answerIn(text: string): EntryRead {
  try {
    return JSON.parse(text) as EntryRead
  } catch {
    return { state: 'failed' }
  }
}

function whyNot(state: Exclude<EntryRead['state'], 'found'>, account: string): RunproofError {
  switch (state) {
    case 'missing':
      return new RunproofError(
        'SECRET_MISSING',
        `the keyring has no entry ${account} of the service ${KEYRING_SERVICE}`,
        {
          hint: `put it there: secret-tool store --label='${KEYRING_SERVICE} ${account}' service ${KEYRING_SERVICE} username ${account}`,
        },
      )
    case 'locked':
      return new RunproofError('SECRET_UNREADABLE', `the keyring that has ${account} is locked`, {
        hint: 'unlock it, in the desktop session or with gnome-keyring-daemon --unlock, and run again',
      })
    case 'several':
      return new RunproofError(
        'SECRET_UNREADABLE',
        `the keyring has several entries ${account} of the service ${KEYRING_SERVICE}`,
        { hint: `secret-tool search --all service ${KEYRING_SERVICE} username ${account}; remove all but one` },
      )
    case 'unavailable':
      return new RunproofError('SECRET_UNREADABLE', `no Secret Service answers, asked for ${account}`, {
        hint: 'a keyring belongs to a session: run in one (DBUS_SESSION_BUS_ADDRESS says which, dbus-run-session starts one), or use file: or env:',
      })
    case 'failed':
      return new RunproofError('SECRET_UNREADABLE', `the keyring could not be asked for ${account}`, {
        hint: `secret-tool lookup service ${KEYRING_SERVICE} username ${account}`,
      })
  }
}
