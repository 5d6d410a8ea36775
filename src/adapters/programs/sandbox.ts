import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AskedProgram } from '../../model/asked-program.ts'
import type { Barrier } from '../../model/instance.ts'
import { isWithin } from '../../model/within.ts'
import { lookUpProgram, SYSTEM_PATH } from '../find-program.ts'
import { unshareArgv } from '../isolation/barrier.ts'
import { unprivilegedArgv } from '../isolation/privileges.ts'
import { followLinks } from '../isolation/seclude.ts'
import { MARKER } from '../process/marked.ts'
import { listeningSocketPaths } from '../process/sockets.ts'
import { callFilter, filteredArgv } from './call-filter.ts'
import type { Executable } from './executable.ts'
import type { SetUp } from './lane-protocol.ts'
import { privatePlaces, reachOf } from './reach.ts'

export type SandboxKind = AskedProgram['sandbox']

/** `.ts` in the repository, `.js` where it was built. */
const ASKING = fileURLToPath(new URL(`./asking${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
/** Where the packages of ours lie that it is made of. */
const SOURCES = dirname(dirname(dirname(ASKING)))
// A signal must not open a debugger in it, through which the program would speak for it.
const DRIVER = [process.execPath, '--disable-sigusr1', '--disable-warning=ExperimentalWarning', ASKING]

/** The same for everybody, since help names it in defaults; nothing is there of anybody else. */
const ROOM = '/tmp/runproof-asked'
const ROOM_BYTES = 64 * 1_048_576
const MAX_OUTPUT_BYTES = 1_048_576

/** What makes a lane. */
export interface Recipe {
  readonly argv: readonly string[]
  /** What the fourth descriptor of that gives to read; null for nothing. */
  readonly filter: Buffer | null
  readonly setUp: SetUp
  /** To be removed as soon as the lane is open, or when it has ended. */
  readonly temporary: { readonly path: string; readonly until: 'open' | 'ended' } | null
}

export function bubblewrap(bwrap: string, program: Executable): Recipe {
  const places = privatePlaces()
  const { kept, links } = needed(program, places)
  const covered = [...places.filter(path => path !== '/dev'), ...kept].toSorted((a, b) => a.length - b.length)
  const views = covered.flatMap((path, index) => {
    if (kept.includes(path)) return ['--ro-bind', path, path]
    // Empty already, unless something kept in between brought it back.
    const over = covered.slice(0, index).findLast(other => isWithin(path, other))
    if (over !== undefined && !kept.includes(over)) return []
    return emptyAt(path)
  })
  const shown = (path: string) => kept.some(one => isWithin(path, one)) || !places.some(place => isWithin(path, place))
  const sockets = listeningSocketPaths().filter(shown)
  const filter = callFilter('own')
  const argv = [
    bwrap,
    ...['--unshare-all', '--die-with-parent', '--new-session', '--clearenv', '--cap-drop', 'ALL'],
    ...(filter === null ? [] : ['--seccomp', '3']),
    ...['--ro-bind', '/', '/', '--dev', '/dev', ...emptyAt('/dev/shm'), '--remount-ro', '/dev'],
    // Seen with 0.8.0 and root: left to itself, settings of the kernel can be written to.
    ...['--proc', '/proc', '--remount-ro', '/proc'],
    ...views,
    ...[...links].flatMap(([link, target]) => ['--symlink', target, link]),
    ...sockets.flatMap(path => ['--ro-bind', '/dev/null', path]),
    ...['--chdir', '/', '--', ...DRIVER],
  ]
  const own = [...limits(), program.named] as const
  return {
    argv,
    filter,
    setUp: { ...common(ROOM, program), ownNamespaces: true, watched: watchedOf(places), argv: nonEmpty(own) },
    temporary: null,
  }
}

function emptyAt(path: string): string[] {
  return ['--size', String(ROOM_BYTES), '--perms', '1777', '--tmpfs', path]
}

export function namespaces(barrier: Barrier, program: Executable): Recipe {
  const places = privatePlaces()
  const table = mkdtempSync(join(tmpdir(), 'runproof-'))
  const argv = [
    ...[barrier.tools.setpriv!, '--pdeathsig', 'KILL', '--'],
    ...unshareArgv(barrier, 'isolated'),
    // Process 1 waits for orphans, which Node does not, and ends with the one who asks.
    ...[barrier.tools.sh!, '-c', '"$@"; exit $?', 'init', ...DRIVER],
  ]
  const own = [
    ...unprivilegedArgv(barrier, undefined, 'within'),
    ...limits(),
    ...filteredArgv(barrier.tools.perl, 'own'),
    program.named,
  ]
  return {
    argv,
    filter: null,
    setUp: {
      ...common(ROOM, program),
      seclusion: {
        mountProgram: barrier.tools.mount!,
        mountTable: join(table, 'mounts'),
        of: {
          homes: places,
          readable: reach(program, places),
          writable: [],
          sockets: listeningSocketPaths(),
          names: [],
        },
      },
      ownNamespaces: true,
      watched: watchedOf(places),
      argv: nonEmpty(own),
    },
    temporary: { path: table, until: 'open' },
  }
}

/**
 * Its own directories and environment, limits and time; where perl is, no network and no privilege by a setuid program. It
 * sees and changes what the caller can.
 */
export function unheld(program: Executable): Recipe {
  const room = mkdtempSync(join(tmpdir(), 'runproof-'))
  const marker = randomUUID()
  const setUp = common(room, program)
  return {
    argv: DRIVER,
    filter: null,
    setUp: {
      ...setUp,
      ownNamespaces: false,
      watched: [room],
      env: { ...setUp.env, [MARKER]: marker },
      marker,
      argv: nonEmpty([...limits(), ...filteredArgv(lookUpProgram('perl') ?? null, 'shared'), program.named]),
    },
    temporary: { path: room, until: 'ended' },
  }
}

function common(room: string, program: Executable) {
  const inside = (name: string) => join(room, name)
  const env = environment(inside('home'), inside('tmp'), inside('compiled'), dirname(program.named))
  return {
    seclusion: null,
    ignored: inside('compiled'),
    directories: [...new Set([inside('home'), inside('work'), inside('tmp'), inside('compiled'), inside('run')])],
    cwd: inside('work'),
    env,
    marker: null,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  }
}

function environment(home: string, tmp: string, compiled: string, folder: string): Record<string, string> {
  return {
    // The program's own folder last: scripts of a version manager have their interpreter beside them.
    PATH: pathOf(folder),
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_STATE_HOME: join(home, '.local/state'),
    XDG_RUNTIME_DIR: join(dirname(home), 'run'),
    TMPDIR: tmp,
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    CLICOLOR: '0',
    // Help is broken at the width of the terminal, and a broken line is harder to read.
    COLUMNS: '200',
    LINES: '1000',
    PAGER: 'cat',
    GIT_PAGER: 'cat',
    MANPAGER: 'cat',
    SYSTEMD_PAGER: 'cat',
    PYTHONDONTWRITEBYTECODE: '1',
    // Most of the time of a Node program is compiling; this directory is not counted among what it writes.
    NODE_COMPILE_CACHE: compiled,
  }
}

function pathOf(folder: string): string {
  return SYSTEM_PATH.split(':').includes(folder) || folder.includes(':') ? SYSTEM_PATH : `${SYSTEM_PATH}:${folder}`
}

/**
 * `data` and not `as`: Node, Go and Java reserve more addresses than any machine has memory, and use little of them. How
 * many processes it has is watched, since the kernel does not count those of root.
 */
function limits(): string[] {
  const prlimit = lookUpProgram('prlimit')
  if (prlimit === undefined) return []
  const set = { core: 0, cpu: 20, fsize: 16 * 1_048_576, data: 4 * 1_073_741_824, nofile: 1_024 }
  return [prlimit, ...Object.entries(set).map(([name, value]) => `--${name}=${value}`), '--']
}

function reach(program: Executable, places: readonly string[]): string[] {
  return [...reachOf(program, pathOf(dirname(program.named)), places), SOURCES, process.execPath]
}

/** As seclude() takes them: what lies in a private place, without links, and the links on the way to it. */
function needed(program: Executable, places: readonly string[]) {
  const followed = reach(program, places).map(followLinks)
  const kept = followed.flatMap(({ path }) => path ?? [])
  const hidden = (path: string) => places.some(place => isWithin(path, place)) && !places.includes(path)
  const links = new Map(followed.flatMap(({ links }) => [...links]).filter(([link]) => hidden(link)))
  const within = kept.filter(hidden)
  const outermost = within.filter(path => !within.some(other => other !== path && isWithin(path, other)))
  // A link in a directory that is shown anyhow is there already.
  const missing = new Map([...links].filter(([link]) => !outermost.some(path => isWithin(link, path))))
  return { kept: [...new Set(outermost)], links: missing }
}

function watchedOf(places: readonly string[]): string[] {
  return [...new Set([...places, '/dev', '/dev/shm'])]
}

function nonEmpty(words: readonly string[]): [string, ...string[]] {
  return words as [string, ...string[]]
}
