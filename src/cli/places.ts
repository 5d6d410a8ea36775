import { homedir, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

/** Where this user's runs keep things. */
export interface Places {
  /** Sealed evidence; one directory a run. */
  readonly reportsDir: string
  /** Scratch of running runs: restored data, sockets. Removed at the end, by `gc` after a crash. */
  readonly workDir: string
  /** The signing key. */
  readonly stateDir: string
}

export function placesFor(
  env: NodeJS.ProcessEnv,
  given: { reports?: string | undefined; work?: string | undefined } = {},
): Places {
  const home = env['HOME'] ?? homedir()
  return {
    reportsDir: resolve(given.reports ?? env['RUNPROOF_REPORTS'] ?? 'reports'),
    workDir: resolve(given.work ?? env['RUNPROOF_WORK'] ?? join(tmpdir(), `runproof-${userInfo().uid}`)),
    stateDir: join(env['XDG_STATE_HOME'] ?? join(home, '.local', 'state'), 'runproof'),
  }
}
