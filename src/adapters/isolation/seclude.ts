import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { reachable } from '../process/mounts.ts'
import type { Seclusion } from './warden-protocol.ts'

/** Opens without reading, so that a terminal or a device with no medium is no obstacle. @see open(2) */
const O_PATH = 0o10000000

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map(name => `/dev/${name}`)
const DEVICE_LINKS = { fd: '/proc/self/fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2', ptmx: 'pts/ptmx' }

/** What mount(8) takes back of the flags a mount has; without those that a user namespace locked it would be refused. */
const FLAGS = ['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime', 'nosymfollow']

/** Enough of a place to write for programs that insist on `/tmp` or `/dev/shm`; it is memory. */
const PRIVATE_SIZE = 'size=64m'
const FIRST_INHERITED = 3
const HOSTS = '/etc/hosts'

interface Kept {
  readonly path: string
  readonly writable: boolean
  /** Holds on to what is there before the directory above it is covered. */
  readonly descriptor: number
  /** The same, for mount(8). */
  readonly source: string
}

/**
 * Leaves of the file system, in a mount namespace of our own, what an instance needs: its own place to write to, the rest to
 * read, and no socket or device of anybody else. Read-only mounts alone would not do, since neither connecting to a socket
 * nor writing to a device changes the file system that its name is in.
 *
 * @param tableFile - in the instance's own place; takes what mount(8) reads
 * @returns what could not be kept away, one sentence each
 */
export function seclude(mountProgram: string, tableFile: string, seclusion: Seclusion): string[] {
  const umask = process.umask(0o022)
  const homes = [...new Set(seclusion.homes.filter(path => existsSync(path)).map(path => realpathSync(path)))]
  const found = {
    readable: [...DEVICES, ...seclusion.readable].map(followLinks),
    writable: seclusion.writable.map(followLinks),
  }
  const links = new Map([...found.readable, ...found.writable].flatMap(({ links }) => [...links]))
  const writable = pathsOf(found.writable)
  const kept: readonly Kept[] = [
    ...pathsOf(found.readable)
      // A home itself stays hidden, whoever asks for it: a program in `/tmp` needs not what else lies there.
      .filter(path => homes.some(home => isWithin(path, home)) && !homes.includes(path) && !writable.includes(path))
      .map(path => ({ path, writable: false })),
    ...writable.map(path => ({ path, writable: true })),
  ]
    .toSorted((one, other) => one.path.length - other.path.length)
    .map((one, index) => ({
      ...one,
      descriptor: openSync(one.path, O_PATH),
      source: `/proc/self/fd/${FIRST_INHERITED + index}`,
    }))
  writeFileSync(tableFile, '', { mode: 0o600 })
  const table = openSync(tableFile, 'r')
  try {
    const mount = (lines: readonly string[]) => mountAll(mountProgram, lines, table, kept)
    const missed = [
      ...cover(homes, kept, links, mount),
      ...coverSockets(seclusion.sockets, mount),
      ...knowNames(seclusion.names, join(dirname(tableFile), 'hosts'), mount),
      ...closeOff(homes, writable, mount),
    ]
    return [
      `no program outside opens a socket for it after its start, other than below ${outermost(homes).join(', ')}`,
      ...missed.map(what => `nothing reaches out through what could not be closed off: ${what}`),
    ]
  } finally {
    for (const descriptor of [table, ...kept.map(one => one.descriptor)]) closeSync(descriptor)
    process.umask(umask)
  }
}

type Mount = (lines: readonly string[]) => string[]

/** Puts an empty directory over each home and shows in it what is kept. */
function cover(homes: readonly string[], kept: readonly Kept[], links: Map<string, string>, mount: Mount): string[] {
  const outer = outermost(homes)
  // One within something that is kept, as the scratch directory of a run may be, comes into sight again with that.
  const inner = homes.filter(home => !outer.includes(home) && kept.some(({ path }) => isWithin(home, path)))
  const later = kept.filter(({ path }) => inner.some(home => isWithin(path, home)))
  const now = kept.filter(one => !later.includes(one))

  const mode = (home: string) => (['/dev', '/run'].includes(home) ? '755' : '1777')
  const missed = mount(
    outer.map(home => `tmpfs ${encode(home)} tmpfs ${PRIVATE_SIZE},mode=${mode(home)},nosuid,nodev 0 0`),
  )
  for (const [link, target] of links) if (outer.some(home => isWithin(link, home))) makeLink(link, target)
  for (const { path, descriptor } of now) makeMountPoint(path, fstatSync(descriptor).isDirectory())
  const binds = now.map(({ source, path }) => `${source} ${anew(path)} none rbind 0 0`)
  missed.push(...mount([...(outer.includes('/dev') ? furnishDevices() : []), ...binds]))
  return inner.length === 0 ? missed : [...missed, ...cover(inner, later, links, mount)]
}

/** @returns what is to be mounted besides the devices themselves */
function furnishDevices(): string[] {
  for (const [name, target] of Object.entries(DEVICE_LINKS)) makeLink(join('/dev', name), target)
  mkdirSync('/dev/shm')
  chmodSync('/dev/shm', 0o1777)
  mkdirSync('/dev/pts')
  return ['devpts /dev/pts devpts newinstance,ptmxmode=0666,mode=620 0 0']
}

/** @returns those that are still there, and not those that went meanwhile */
function coverSockets(paths: readonly string[], mount: Mount): string[] {
  mount(paths.filter(isSocket).map(path => `/dev/null ${encode(path)} none bind 0 0`))
  return paths.filter(isSocket)
}

/** Shows another list of hosts, the names of which are looked up before any server is asked. @see hosts(5) */
function knowNames(names: readonly string[], file: string, mount: Mount): string[] {
  if (names.length === 0) return []
  const known = existsSync(HOSTS) ? readFileSync(HOSTS, 'utf8').trimEnd() : ''
  writeFileSync(file, `127.0.0.1 ${names.join(' ')}\n${known}\n`, { mode: 0o644 })
  return mount([`${encode(file)} ${HOSTS} none bind 0 0`])
}

/** Makes everything read-only that can be reached, but for what is the instance's own. */
function closeOff(homes: readonly string[], writable: readonly string[], mount: Mount): string[] {
  const isOwn = (at: string) => homes.includes(at) || at === '/dev/pts' || writable.some(path => isWithin(at, path))
  const open = () =>
    reachable(readFileSync('/proc/self/mountinfo', 'utf8')).filter(one => !one.readOnly && !isOwn(one.at))
  mount(
    open().map(({ at, flags }) => {
      const kept = flags.split(',').filter(flag => FLAGS.includes(flag))
      return `none ${anew(at)} none ${['remount', 'bind', 'ro', ...kept].join(',')} 0 0`
    }),
  )
  return open().map(({ at }) => `${at} can be written to`)
}

/** One process for all of them: mount(8) takes 2 ms to start. @returns what it complained of */
function mountAll(program: string, lines: readonly string[], table: number, kept: readonly Kept[]): string[] {
  if (lines.length === 0) return []
  // Through the descriptor, since its path may be covered; not left open for writing, since that keeps what it lies in from
  // becoming read-only.
  writeFileSync(`/proc/self/fd/${table}`, lines.map(line => `${line}\n`).join(''))
  const { stderr, error } = spawnSync(program, ['-n', '-c', '--all', '--fstab', '/proc/self/fd/0'], {
    stdio: [table, 'ignore', 'pipe', ...kept.map(({ descriptor }) => descriptor)],
    encoding: 'utf8',
  })
  if (error) throw error
  return stderr.split('\n').filter(line => line !== '')
}

/** fstab(5) separates by white space and takes `#` for a comment. */
function encode(path: string): string {
  return path.replace(/[\s\\#]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function outermost(paths: readonly string[]): string[] {
  return paths.filter(path => !paths.some(other => other !== path && isWithin(path, other)))
}

/** mount --all passes over what it takes for mounted already, such as `/` or a view that has just been covered. */
function anew(path: string): string {
  return `/.${encode(path)}`
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
}

interface Followed {
  /** The symbolic links on the way, which a program may have to read for itself, with where they lead. */
  readonly links: ReadonlyMap<string, string>
  /** Without any link; undefined when nothing is there. */
  readonly path: string | undefined
}

export function followLinks(path: string): Followed {
  const links = new Map<string, string>()
  if (!existsSync(path)) return { links, path: undefined }
  const rest = path.split('/').filter(name => name !== '')
  let at = '/'
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = resolve(at, name)
    if (lstatSync(next).isSymbolicLink()) {
      const target = readlinkSync(next)
      links.set(next, target)
      if (target.startsWith('/')) at = '/'
      rest.unshift(...target.split('/').filter(part => part !== ''))
    } else at = next
  }
  return { links, path: at }
}

function pathsOf(followed: readonly Followed[]): string[] {
  return [...new Set(followed.flatMap(({ path }) => path ?? []))]
}

function makeLink(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true })
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(target, path)
}

function makeMountPoint(path: string, isDirectory: boolean): void {
  if (existsSync(path)) return
  mkdirSync(isDirectory ? path : dirname(path), { recursive: true })
  if (!isDirectory) writeFileSync(path, '')
}
