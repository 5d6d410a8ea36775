import { chownSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `sun_path` has 108 bytes, the last one zero. @see unix(7) */
const LONGEST_SOCKET_PATH = 107

/** The name of a directory made for a socket alone. */
export const SHORT_SOCKET_DIR = /^runproof-[A-Za-z0-9]{6}$/

/** Everything an instance writes to unless it is told otherwise, all below one directory. */
export interface Layout {
  readonly dir: string
  readonly home: string
  readonly tmp: string
  readonly views: string
  readonly stdoutFile: string
  readonly stderrFile: string
  readonly env: Readonly<Record<string, string>>
}

/** Makes the private directories, mode 0700. @throws the system's error, EEXIST when `id` is used already */
export function makeLayout(scratch: string, id: string, user: { uid: number; gid: number } | undefined): Layout {
  const dir = join(scratch, id)
  const inside = (name: string) => join(dir, name)
  const env = {
    HOME: inside('home'),
    XDG_CONFIG_HOME: inside('home/.config'),
    XDG_CACHE_HOME: inside('home/.cache'),
    XDG_DATA_HOME: inside('home/.local/share'),
    XDG_STATE_HOME: inside('home/.local/state'),
    XDG_RUNTIME_DIR: inside('run'),
    TMPDIR: inside('tmp'),
  }
  mkdirSync(dir, { mode: 0o700 })
  for (const path of [...Object.values(env), inside('home/.local'), inside('views')].toSorted()) {
    mkdirSync(path, { mode: 0o700, recursive: true })
    if (user) chownSync(path, user.uid, user.gid)
  }
  if (user) chownSync(dir, user.uid, user.gid)
  return {
    dir,
    home: env.HOME,
    tmp: env.TMPDIR,
    views: inside('views'),
    stdoutFile: inside('stdout.log'),
    stderrFile: inside('stderr.log'),
    env,
  }
}

/** Places for forwarders' sockets: in `dir` where the paths fit, else in a new private directory with a short name. */
export interface SocketPlaces {
  readonly paths: readonly string[]
  readonly extraDir: string | null
}

export function socketPlaces(dir: string, count: number): SocketPlaces {
  const names = Array.from({ length: count }, (_, index) => `s${index}`)
  const near = names.map(name => join(dir, name))
  if (near.every(path => Buffer.byteLength(path) <= LONGEST_SOCKET_PATH)) return { paths: near, extraDir: null }
  const extraDir = makeSocketDir()
  return { paths: names.map(name => join(extraDir, name)), extraDir }
}

/**
 * Makes a private directory whose name is short enough for a socket in it (up to seven bytes more), wherever the run's own
 * directory lies.
 */
export function makeSocketDir(): string {
  const short = [tmpdir(), '/tmp'].find(
    base => Buffer.byteLength(join(base, 'runproof-XXXXXX', 'xxxxxxx')) <= LONGEST_SOCKET_PATH,
  )
  return mkdtempSync(join(short ?? '/tmp', 'runproof-'))
}
