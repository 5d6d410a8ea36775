import { lead, literal } from '../command.ts'
import type { ReadWord } from './read-word.ts'

/** A command that another one runs. */
export interface Wrapped {
  readonly words: readonly ReadWord[]
  /** What `env` sets for it. */
  readonly env: readonly string[]
  /** What the wrapper reads is not for the command: `xargs`. */
  readonly alone: boolean
}

/** A word that is a script of its own. */
export interface Script {
  readonly script: ReadWord
}

interface Wrapper {
  /** Options that take the next word. */
  readonly valued: readonly string[]
  /** Words of its own before the command: the seconds of `timeout`. */
  readonly own?: number
  /** `KEY=value` may stand before the command. */
  readonly sets?: true
  /** Options with which it runs nothing: `command -v`. */
  readonly idle?: readonly string[]
  /** The command stands behind `--`. */
  readonly separated?: true
  /** What follows may be words for a program that is not named, so only a known one is a command. */
  readonly known?: true
  /** One word with blanks is a script. */
  readonly scripts?: true
  /** An option whose value is a script: `su -c '…'`. */
  readonly script?: string
  /** It gives the command more words, unless this option says where they go. */
  readonly feeds?: string
}

const RUN_VALUED =
  '-p -v -e -u -w -m -h -l --name --network --net --publish --volume --env --env-file --user --workdir --memory --cpus --entrypoint --hostname --label --mount --cap-add --cap-drop --restart --platform --add-host --security-opt --tmpfs --ulimit --log-driver --ip --pull --pid --gpus'.split(
    ' ',
  )
const EXEC_VALUED = '-e -u -w --env --env-file --user --workdir --detach-keys --index'.split(' ')

/** By name, and by the words that make it one: of `docker`, only `docker exec` and its like run something. */
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
  watch: { valued: ['-n', '--interval', '-q', '--equexit'], scripts: true },
  xargs: {
    valued: [
      ...['-n', '-I', '-P', '-L', '-d', '-a', '-s', '-E'],
      ...['--max-args', '--max-procs', '--max-lines', '--delimiter', '--arg-file', '--max-chars'],
    ],
    feeds: '-I',
  },
  stdbuf: { valued: ['-i', '-o', '-e', '--input', '--output', '--error'] },
  setsid: { valued: [] },
  unbuffer: { valued: [] },
  strace: { valued: ['-e', '-o', '-p', '-s', '-P', '-E', '-u'] },
  chroot: { valued: ['--userspec', '--groups'], own: 1 },
  flock: { valued: ['-w', '-E', '--timeout', '--wait', '--conflict-exit-code'], own: 1, script: '-c' },
  su: { valued: ['-s', '-g', '-G', '-w', '--shell', '--group'], script: '-c', known: true },
  runuser: { valued: ['-u', '-g', '-G', '-s', '--user', '--group', '--shell'], script: '-c', known: true },
  'dbus-run-session': { valued: ['--config-file', '--dbus-daemon'] },
  'systemd-run': {
    valued: [
      ...['-p', '-u', '-M', '-H', '-E', '-d', '-t'],
      ...['--property', '--unit', '--uid', '--gid', '--setenv', '--slice', '--description', '--on-calendar'],
    ],
  },
  eval: { valued: [], scripts: true },
  trap: { valued: [], idle: ['-l', '-p', '-'], scripts: true, known: true },
  ssh: { valued: '-i -p -l -o -F -J -L -R -D -b -c -E -W -S -m'.split(' '), own: 1, scripts: true },
  'docker exec': { valued: EXEC_VALUED, own: 1 },
  'docker run': { valued: RUN_VALUED, own: 1, known: true },
  'docker container exec': { valued: EXEC_VALUED, own: 1 },
  'docker compose exec': { valued: EXEC_VALUED, own: 1 },
  'docker compose run': { valued: RUN_VALUED, own: 1, known: true },
  'docker-compose exec': { valued: EXEC_VALUED, own: 1 },
  'docker-compose run': { valued: RUN_VALUED, own: 1, known: true },
  'podman exec': { valued: EXEC_VALUED, own: 1 },
  'podman run': { valued: RUN_VALUED, own: 1, known: true },
  'nerdctl exec': { valued: EXEC_VALUED, own: 1 },
  'nerdctl run': { valued: RUN_VALUED, own: 1, known: true },
  'kubectl exec': { valued: [], separated: true },
  'kubectl run': { valued: [], separated: true, known: true },
  'oc exec': { valued: [], separated: true },
  npx: { valued: ['-p', '--package'], known: true },
  bunx: { valued: ['-p', '--package'], known: true },
  'npm exec': { valued: ['-p', '--package'], known: true },
  'pnpm exec': { valued: [], known: true },
  'pnpm dlx': { valued: ['--package'], known: true },
  'yarn dlx': { valued: ['-p', '--package'], known: true },
  'yarn exec': { valued: [], known: true },
  'uv run': { valued: ['--with', '--python', '-p', '--extra', '--group', '--directory', '--project'], known: true },
  uvx: { valued: ['--from', '--with', '--python'], known: true },
  'poetry run': { valued: [], known: true },
  'bundle exec': { valued: [], known: true },
  'nix develop': { valued: [], separated: true, known: true },
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'])

/**
 * The command that this one runs: `sudo -u keeper tool status` runs `tool status`. Options that stand before it are known
 * here, so that the value of one is not taken for the command.
 *
 * @param programs - where what is run need not be a program (`docker run image serve`), only these are taken for one
 */
export function unwrap(words: readonly ReadWord[], programs: ReadonlySet<string>): Wrapped | Script | undefined {
  const [first] = words
  const name = first && literal(first.word)?.replace(/^.*\//, '')
  if (name === undefined || words.length < 2) return undefined
  if (SHELLS.has(name)) return scriptOf(words)
  if (name === 'find') return executed(words)
  const found = wrapperOf(name, words)
  if (found === undefined) return undefined
  const { wrapper } = found
  const before = commandAt(wrapper, words, found.at)
  if (before === undefined || 'script' in before) return before

  const wrapped = words.slice(before.at)
  const [program] = wrapped
  if (program === undefined) return undefined
  if (wrapper.scripts && /^["'].*\s.*["']$/s.test(program.word.source)) return { script: program }
  if (wrapper.known && !programs.has(head(program).replace(/^.*\//, ''))) return undefined
  const feeds = wrapper.feeds !== undefined && !words.some(word => head(word).startsWith(wrapper.feeds!))
  return { words: feeds ? [...wrapped, fed(first!)] : wrapped, env: before.env, alone: wrapper.feeds !== undefined }
}

/** By as many of the first words as make a name of the table. */
function wrapperOf(name: string, words: readonly ReadWord[]): { wrapper: Wrapper; at: number } | undefined {
  let key = name
  for (let at = 1; at <= 3; at++) {
    if (Object.hasOwn(WRAPPERS, key)) return { wrapper: WRAPPERS[key]!, at }
    if (words[at] === undefined) return undefined
    key = `${key} ${head(words[at]!)}`
  }
  return undefined
}

/** Past the options of a wrapper, and its own words. */
function commandAt(
  wrapper: Wrapper,
  words: readonly ReadWord[],
  start: number,
): { at: number; env: readonly string[] } | Script | undefined {
  const env: string[] = []
  if (wrapper.separated) {
    const at = words.findIndex(word => head(word) === '--')
    return at < 0 ? undefined : { at: at + 1, env }
  }
  let own = wrapper.own ?? 0
  for (let at = start; at < words.length; at++) {
    const word = head(words[at]!)
    if (wrapper.idle?.includes(word)) return undefined
    if (word === wrapper.script) return words[at + 1] && { script: words[at + 1]! }
    if (word === '--') return { at: at + 1 + own, env }
    if (wrapper.valued.includes(word)) at++
    else if (wrapper.sets && /^[A-Za-z_]\w*=/.test(word)) env.push(word.slice(0, word.indexOf('=')))
    else if (own > 0 && !word.startsWith('-')) own--
    else if (!word.startsWith('-')) {
      // Who an `su` becomes stands before its `-c`.
      if (wrapper.script === undefined || !words.slice(at).some(each => head(each) === wrapper.script))
        return { at, env }
    }
  }
  return undefined
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

/** `find … -exec tool x {} \;`. */
function executed(words: readonly ReadWord[]): Wrapped | undefined {
  const start = words.findIndex(word => /^-(?:exec|execdir|ok|okdir)$/.test(head(word))) + 1
  if (start === 0) return undefined
  const length = words.slice(start).findIndex(word => /^[;+]$/.test(head(word)))
  const found = words.slice(start, length < 0 ? undefined : start + length)
  return found.length > 0 ? { words: found, env: [], alone: false } : undefined
}

/** Stands for the words that a command is given when it runs. */
function fed({ word, from, to }: ReadWord): ReadWord {
  return { word: { ...word, pieces: [{ hole: '…' }], many: true }, from, to }
}

const head = ({ word }: ReadWord): string => lead(word)
