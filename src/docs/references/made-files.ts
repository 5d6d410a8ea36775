import type { DocumentedCommand, Word } from '../command.ts'
import { literal } from '../command.ts'
import { below } from './relative-path.ts'

/** Programs whose arguments are made by them: all, or the last one. */
const MAKERS: Readonly<Record<string, 'all' | 'last'>> = {
  mkdir: 'all',
  touch: 'all',
  tee: 'all',
  mktemp: 'all',
  cp: 'last',
  mv: 'last',
  ln: 'last',
  install: 'last',
  rsync: 'last',
  scp: 'last',
}

const OUTPUT_OPTION = /^(?:-[oOCd]|-(?:key)?out|--(?:out|dest|directory|target-dir).*)$/

/**
 * Whether a page makes a path itself, by a redirection, an output option or a command that does nothing else; also what
 * stands below such a path. Where on the page does not matter: prose speaks of results before the commands come.
 */
export function madeBy(commands: readonly DocumentedCommand[]): (path: string) => boolean {
  const made = new Set<string>()
  const add = (word: Word | undefined, text = word === undefined ? undefined : literal(word)) => {
    const path = text === undefined ? undefined : below('', text)
    if (path !== undefined && path !== '') made.add(path)
  }
  for (const { words, redirected } of commands) {
    for (const word of redirected.writes) add(word)
    const [program, ...rest] = words
    const name = program === undefined ? '' : (literal(program) ?? '')
    const plain = rest.filter(word => !word.source.startsWith('-'))
    for (const [at, word] of rest.entries()) {
      const [option, ...value] = word.source.split('=')
      if (!OUTPUT_OPTION.test(option!)) continue
      if (value.length > 0) add(undefined, value.join('=').replace(/^(["'])(.*)\1$/, '$2'))
      else add(rest[at + 1])
    }
    const makes = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined
    if (makes === 'all') for (const word of plain) add(word)
    if (makes === 'last') add(plain.at(-1))
    const second = plain[0] === undefined ? undefined : literal(plain[0])
    if (name === 'git' && second === 'clone') {
      if (plain.length > 2) add(plain.at(-1))
      else add(undefined, plain[1]?.source.replace(/^.*[/:]/, '').replace(/\.git$/, ''))
    }
    if (/^python3?$/.test(name) && second === 'venv') add(plain.at(-1))
  }
  return path => {
    if (made.size === 0) return false
    const parts = path.split('/')
    return parts.some((_, index) => made.has(parts.slice(0, index + 1).join('/')))
  }
}
