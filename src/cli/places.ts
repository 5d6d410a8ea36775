import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { RunproofError } from '../model/error.ts'

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
  const state = env['XDG_STATE_HOME'] ?? ''
  return {
    reportsDir: reportsDirFor(env, given),
    workDir: resolve(given.work || env['RUNPROOF_WORK'] || join(tmpdir(), `runproof-${process.getuid?.() ?? 'user'}`)),
    // The XDG specification has a relative path ignored.
    stateDir: join(isAbsolute(state) ? state : join(neededHome(env), '.local', 'state'), 'runproof'),
  }
}

/** Needs no home directory. */
export function reportsDirFor(env: NodeJS.ProcessEnv, given: { reports?: string | undefined } = {}): string {
  return resolve(given.reports || env['RUNPROOF_REPORTS'] || 'reports')
}

function neededHome(env: NodeJS.ProcessEnv): string {
  const home = homeOf(env)
  if (home !== undefined) return home
  throw new RunproofError('USAGE', 'there is no home directory to keep the signing key in', {
    hint: 'set HOME or XDG_STATE_HOME to an absolute path',
  })
}

/** Undefined where there is none that is an absolute path. */
export function homeOf(env: NodeJS.ProcessEnv): string | undefined {
  const home = env['HOME'] || accountHome()
  return home !== undefined && isAbsolute(home) ? home : undefined
}

/** The environment may lack HOME, and the user an account, as in containers that run under any id. */
function accountHome(): string | undefined {
  try {
    return homedir()
  } catch {
    return undefined
  }
}
