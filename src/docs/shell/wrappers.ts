import { literal } from '../command.ts'
import type { ReadWord } from './read-word.ts'

/** A command that another one runs. */
export interface Wrapped {
  readonly words: readonly ReadWord[]
  /** What `env` sets for it. */
  readonly env: readonly string[]
}

/** A word that is a script of its own. */
export interface Script {
  readonly script: ReadWord
}

interface Wrapper {
  /** Options that take the next word; `-u` also in `-uroot`. */
  readonly valued: readonly string[]
  /** Words of its own before the command: the seconds of `timeout`. */
  readonly own?: number
  /** `KEY=value` may stand before the command. */
  readonly sets?: true
  /** An option with which it runs nothing: `command -v`. */
  readonly idle?: readonly string[]
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  sudo: {
    valued: [
      ...['-u', '-g', '-h', '-p', '-C', '-D', '-R', '-T', '-U', '-r', '-t'],
      ...['--user', '--group', '--host', '--prompt', '--chdir', '--chroot', '--command-timeout', '--other-user'],
    ],
    sets: true,
    idle: ['-l', '-v', '-K', '-k', '-e', '--list', '--validate', '--edit'],
  },
  doas: { valued: ['-u', '-C'] },
  env: { valued: ['-u', '--unset', '-C', '--chdir'], sets: true },
  time: { valued: ['-f', '--format', '-o', '--output'] },
  nohup: { valued: [] },
  exec: { valued: ['-a'] },
  command: { valued: [], idle: ['-v', '-V'] },
  builtin: { valued: [] },
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '--class', '--classdata'], idle: ['-p'] },
  chrt: { valued: [], own: 1 },
  taskset: { valued: [], own: 1, idle: ['-p'] },
  timeout: { valued: ['-s', '--signal', '-k', '--kill-after'], own: 1 },
  watch: { valued: ['-n', '--interval', '-q', '--equexit'] },
  xargs: {
    valued: [
      ...['-n', '-I', '-P', '-L', '-d', '-a', '-s', '-E'],
      ...['--max-args', '--max-procs', '--max-lines', '--delimiter', '--arg-file', '--max-chars'],
    ],
  },
  stdbuf: { valued: ['-i', '-o', '-e', '--input', '--output', '--error'] },
  setsid: { valued: [] },
  unbuffer: { valued: [] },
  strace: { valued: ['-e', '-o', '-p', '-s', '-P', '-E', '-u'] },
  chroot: { valued: ['--userspec', '--groups'], own: 1 },
  flock: { valued: ['-w', '-E', '--timeout', '--wait', '--conflict-exit-code'], own: 1 },
  runuser: { valued: ['-u', '-g', '-G', '--user', '--group'] },
  'dbus-run-session': { valued: ['--config-file', '--dbus-daemon'] },
  'systemd-run': {
    valued: [
      '-p',
      '-u',
      '-M',
      '-H',
      '-E',
      '-d',
      '--property',
      '--unit',
      '--uid',
      '--gid',
      '--setenv',
      '--slice',
      '--description',
    ],
  },
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'])

/** The command that this one runs: `sudo -u kheish kheish-daemon status` runs `kheish-daemon status`. */
export function unwrap(words: readonly ReadWord[], _: ReadonlySet<string>): Wrapped | Script | undefined {
  const name = words[0] && literal(words[0].word)?.replace(/^.*\//, '')
  if (name === undefined || words.length < 2) return undefined
  if (SHELLS.has(name)) return scriptOf(words)
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined
  if (wrapper === undefined) return undefined

  const env: string[] = []
  let own = wrapper.own ?? 0
  let index = 1
  for (; index < words.length; index++) {
    const word = head(words[index]!)
    if (word === '--') {
      index++
      break
    }
    if (wrapper.idle?.includes(word)) return undefined
    if (wrapper.valued.includes(word)) index++
    else if (word.startsWith('-') && word !== '-') continue
    else if (wrapper.sets && /^[A-Za-z_]\w*=/.test(word)) env.push(word.slice(0, word.indexOf('=')))
    else if (own > 0) own--
    else break
  }
  index += own > 0 && index < words.length && head(words[index - 1]!) === '--' ? own : 0
  const wrapped = words.slice(index)
  return wrapped.length > 0 ? { words: wrapped, env } : undefined
}

/** `bash -lc '…'`. */
function scriptOf(words: readonly ReadWord[]): Script | undefined {
  for (let index = 1; index < words.length - 1; index++) {
    const word = head(words[index]!)
    if (/^-[a-z]*c$/.test(word)) return { script: words[index + 1]! }
    if (!word.startsWith('-')) return undefined
  }
  return undefined
}

const head = ({ word }: ReadWord): string => (typeof word.pieces[0] === 'string' ? word.pieces[0] : '')
