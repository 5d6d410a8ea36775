import { existsSync, realpathSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isWithin } from '../../model/within.ts'
import { lookUpProgram } from '../find-program.ts'
import type { Executable } from './executable.ts'

/** Shown empty: what people, services and other programs keep to themselves, and sockets to talk to them. */
const PRIVATE = [
  ...['/dev', '/run', '/var/run', '/tmp', '/var/tmp', '/home', '/root'],
  // Of what root could read elsewhere, what holds keys, mail and secrets of others, and no program needs for its help.
  ...['/etc/ssh', '/etc/ssl/private', '/var/log', '/var/spool', '/var/mail', '/var/lib/kubelet', '/var/lib/docker'],
]
/** What programs are made of; a home above one of these (`/`) cannot be hidden. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/opt', '/nix', '/proc', '/sys', '/var/lib']

/** Names of the environment for what else is the caller's own. */
const OWN = ['HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR']

/** Without links, each once. The account has a home also where `HOME` is another one. */
export function privatePlaces(env: NodeJS.ProcessEnv = process.env, home = accountHome()): string[] {
  const places = [...PRIVATE, home, ...OWN.map(name => env[name]), tmpdir()].flatMap(path =>
    path?.startsWith('/') && isDirectory(path) ? [realpathSync(path)] : [],
  )
  return [...new Set(places)].filter(path => !SYSTEM.some(system => isWithin(system, path)))
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

function accountHome(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}

/**
 * Paths that a program, what runs it and what lies beside them need, where those are in a place that is shown empty.
 * A guess, and one that errs on the side of less: its own directory, the libraries beside a `bin`, and for a script the
 * checkout or package it is part of. Never a home as a whole.
 */
export function reachOf({ named, real, script }: Executable, path: string, places: readonly string[]): string[] {
  const around = (file: string) => neighbours(file, places)
  const own = [named, real].flatMap(around)
  if (script === null) return own
  const roots = [named, real].flatMap(file => outermostPackage(file, places) ?? [])
  const runner = interpreter(script, path)
  return [...own, ...roots, ...(runner === undefined ? [] : [runner, realpathSync(runner)].flatMap(around))]
}

function interpreter([program, ...words]: readonly string[], path: string): string | undefined {
  if (program === undefined) return undefined
  if (basename(program) !== 'env') return lookUpProgram(program, path, '/')
  const name = words.find(word => !word.startsWith('-') && !word.includes('='))
  return name === undefined ? undefined : lookUpProgram(name, path, '/')
}

const PROGRAM_FOLDERS = new Set(['bin', 'sbin', '.bin', 'libexec', 'shims'])
const LIBRARY_FOLDERS = ['lib', 'lib64', 'libexec', 'pyvenv.cfg']

function neighbours(file: string, places: readonly string[]): string[] {
  const dir = dirname(file)
  if (isHome(dir, places)) return [file]
  if (!PROGRAM_FOLDERS.has(basename(dir))) return [file, dir]
  return [file, dir, ...LIBRARY_FOLDERS.map(name => join(dirname(dir), name))]
}

const PACKAGE_FILES = ['.git', 'package.json', 'node_modules', 'pyproject.toml', 'Cargo.toml', 'go.mod']

function outermostPackage(file: string, places: readonly string[]): string | undefined {
  let found: string | undefined
  for (let dir = dirname(file); dir !== '/' && !isHome(dir, places); dir = dirname(dir)) {
    if (PACKAGE_FILES.some(name => existsSync(join(dir, name)))) found = dir
  }
  return found
}

function isHome(dir: string, places: readonly string[]): boolean {
  return places.includes(dir) || dirname(dir) === '/home'
}
