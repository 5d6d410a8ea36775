import type { DocumentedCommand, Word } from '../command.ts'
import { literal } from '../command.ts'
import { extensionOf, isFileName, isRelativePath } from './relative-path.ts'

/** A word of a command that names a file. */
export interface NamedFile {
  readonly word: Word
  /** `run`: the command cannot start without it. `read`: a program that does nothing but read is given it. `data`: any other. */
  readonly use: 'run' | 'read' | 'data'
}

/** Programs that run the file which is their first argument, the options of theirs that take a value, and those that make it no file. */
const INTERPRETERS: ReadonlyMap<string, { readonly valued: RegExp; readonly noFile: RegExp }> = new Map(
  [
    { names: 'sh bash dash ksh zsh', valued: /^[-+][oO]$|^--(?:rcfile|init-file)$/, noFile: /^-[a-z]*[cs][a-z]*$/ },
    { names: 'python python3', valued: /^-[WX]$/, noFile: /^-[a-zA-Z]*[cm]/ },
    {
      names: 'node',
      valued: /^(?:-r|-C|--(?:require|import|env-file|conditions|loader))$/,
      noFile: /^-(?:[ep]|pe|-eval|-print|-test|-run|-watch)/,
    },
    { names: 'ruby perl', valued: /^-[IrM]$/, noFile: /^-[a-zA-Z]*[eE]/ },
    { names: 'source .', valued: /^$/, noFile: /^-/ },
  ].flatMap(({ names, ...rest }) => names.split(' ').map(name => [name, rest] as const)),
)

const READERS = new Set('cat less more head tail wc diff cmp shellcheck sha256sum shasum'.split(' '))

/** Files that commands name are parsed when they hold one of these. */
const DATA_EXTENSIONS: ReadonlySet<string> = new Set(['.json', '.yaml', '.yml', '.toml'])

/**
 * The words of a command that name files it needs, as far as that is plain; words with holes are among them. What `sudo` and its
 * like run is a command of its own.
 */
export function filesOf(command: DocumentedCommand): readonly NamedFile[] {
  const [program, ...rest] = command.words
  const run = program === undefined ? undefined : scriptOf(program, rest)
  const reader = READERS.has(program === undefined ? '' : (literal(program) ?? ''))
  const named: NamedFile[] = run === undefined ? [] : [{ word: run, use: 'run' }]
  for (const word of rest) {
    const text = literal(word)
    if (word === run || text === undefined || !isRelativePath(text)) continue
    if (reader) named.push({ word, use: 'read' })
    else if (DATA_EXTENSIONS.has(extensionOf(text))) named.push({ word, use: 'data' })
  }
  return [...named, ...command.redirected.reads.map(word => ({ word, use: 'read' as const }))]
}

/** Where a command changes to: a word, or undefined when it does not change. */
export function directoryOf(command: DocumentedCommand): Word | undefined {
  const [program, ...rest] = command.words
  const name = program === undefined ? undefined : literal(program)
  if (name !== 'cd' && name !== 'pushd') return undefined
  return rest.find(word => !word.source.startsWith('-')) ?? program
}

function scriptOf(program: Word, rest: readonly Word[]): Word | undefined {
  const name = literal(program)
  // A hole in the program is told where the rest of it has a slash: `./scripts/<name>.sh`.
  if (name === undefined) return /^\.{0,2}[\w-]*\//.test(program.source) ? program : undefined
  if (isRelativePath(name)) return program
  const interpreter = INTERPRETERS.get(name)
  if (interpreter === undefined) return undefined
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!
    const text = literal(word)
    if (text !== undefined && /^[-+]./.test(text)) {
      if (interpreter.noFile.test(text)) return undefined
      if (interpreter.valued.test(text)) at++
      continue
    }
    if (text === undefined) return word
    return isRelativePath(text) || (isFileName(text) && extensionOf(text) !== '') ? word : undefined
  }
  return undefined
}
