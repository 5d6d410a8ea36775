import { type DocumentedCommand, literal, type Word } from '../src/docs/command.ts'
import type { JudgedCommand } from '../src/docs/judge/verdict.ts'
import type { Place } from '../src/docs/place.ts'
import type { CommandNode, CommandTree } from '../src/docs/tree/tree.ts'
import { Random } from './nginx-matrix/random.ts'

/** One mistake put into a page, of the kinds that pages have when a program has gone on without them. */
export interface Mutation {
  readonly kind: string
  readonly where: 'fence' | 'prose' | 'list' | 'table'
  /** The stretch of the page that is replaced, on one line. */
  readonly at: Place
  readonly by: string
  /** Where it may be reported: the line itself, or that of the command which now lacks something. */
  readonly lines: readonly number[]
  readonly command: string
  /** Why nobody could tell from the page that this is a mistake; undefined where somebody could. */
  readonly undecidable: string | undefined
}

const STRANGERS = [
  'frobnicate',
  'inspect',
  'describe',
  'launch',
  'purge',
  'summary',
  'reconcile',
  'hydrate',
  'probe',
  'ls',
]

/** A command of the page with what is known of it. */
interface Subject {
  readonly command: DocumentedCommand
  /** Words after the program. */
  readonly words: readonly Word[]
  readonly named: boolean
  /** Nodes along the path, the root first; as many words as it has sub-commands come first, after options of the program. */
  readonly steps: readonly { readonly word: Word; readonly parent: CommandNode; readonly node: CommandNode }[]
  readonly options: readonly { readonly word: Word; readonly value: Word | undefined; readonly required: boolean }[]
  readonly args: readonly Word[]
}

/** Every mutation of every command of a page that changes what it means. */
export function mutationsOf(judged: readonly JudgedCommand[], tree: CommandTree): Mutation[] {
  const random = new Random(5)
  return judged
    .filter(({ program }) => program === tree.program)
    .flatMap(one => {
      const subject = subjectOf(one.command, tree)
      return subject === undefined
        ? []
        : [...ofSteps(subject), ...ofOptions(subject), ...dropped(subject), ...ofProgram(subject)]
    })

  function ofSteps(subject: Subject): Mutation[] {
    return subject.steps.flatMap(({ word, parent }, index) => {
      const text = literal(word)!
      const taken = names(parent)
      const stranger = random.pick(STRANGERS.filter(one => !taken.includes(one)))
      const typo = mistype(text)
      const renamed = rename(text)
      const next = subject.steps[index + 1]
      const mutations: Mutation[] = []
      const top = index === 0 && !subject.named
      if (!taken.includes(typo))
        mutations.push(change('wrong verb, mistyped', subject, word.at, typo, word, top ? alone(subject) : undefined))
      mutations.push(
        change('wrong verb, another', subject, word.at, stranger, word, top ? strange(subject) : undefined),
      )
      if (renamed !== undefined && !taken.includes(renamed))
        mutations.push(
          change('renamed sub-command', subject, word.at, renamed, word, top ? strange(subject) : undefined),
        )
      if (next !== undefined && next.word.at.line === word.at.line && !taken.includes(literal(next.word)!))
        mutations.push(
          change(
            'swapped order',
            subject,
            { ...word.at, endColumn: next.word.at.endColumn },
            `${literal(next.word)} ${text}`,
            word,
            undefined,
          ),
        )
      return mutations
    })
  }

  function ofOptions(subject: Subject): Mutation[] {
    return subject.options.flatMap(({ word }) => {
      const name = word.source.replace(/=.*$/s, '')
      const at = { ...word.at, endColumn: word.at.column + name.length }
      return [
        change('wrong flag, mistyped', subject, at, `--${mistype(name.slice(2))}`, word, undefined),
        change('wrong flag, another', subject, at, `--${random.pick(STRANGERS)}`, word, undefined),
      ]
    })
  }

  function dropped(subject: Subject): Mutation[] {
    const { args, options, steps } = subject
    const node = steps.at(-1)?.node ?? tree.root
    const required = (node.args ?? []).filter(arg => arg.required)
    const whole = (left: number) =>
      subject.command.from === 'fence' || left > 0 || options.length > 1 || options.some(option => option.required)
    const mutations: Mutation[] = []
    if (required.length > 0 && args.length === required.length)
      for (const word of args)
        mutations.push(
          change('dropped argument', subject, withBlank(word.at), '', word, whole(args.length - 1) ? undefined : NAMED),
        )
    for (const { word, value, required: needed } of options) {
      if (value !== undefined && value.at.line === word.at.line)
        mutations.push(
          change(
            'dropped value',
            subject,
            withBlank(value.at),
            '',
            word,
            shownWithout(subject, word, value) ? undefined : NAMED,
          ),
        )
      const end = value?.at ?? word.at
      if (needed && end.line === word.at.line)
        mutations.push(
          change(
            'dropped option',
            subject,
            withBlank({ ...word.at, endColumn: end.endColumn }),
            '',
            word,
            subject.command.from === 'fence' || options.length > 1 ? undefined : NAMED,
          ),
        )
    }
    return mutations
  }

  /** Whether a command in prose still shows how it is called when an option has lost its value. */
  function shownWithout({ command, args, options, words }: Subject, word: Word, value: Word): boolean {
    if (words[words.indexOf(value) + 1]?.many) return false
    return command.from === 'fence' || args.length > 0 || options.some(option => option.word !== word)
  }

  function ofProgram(subject: Subject): Mutation[] {
    const program = subject.command.words[0]!
    if (!subject.named || subject.steps.length === 0) return []
    return [change('wrong program, mistyped', subject, program.at, mistype(tree.program), program, undefined)]
  }

  /** Two letters swapped, one left out or one doubled. */
  function mistype(text: string): string {
    for (;;) {
      const at = 1 + random.count(text.length - 3)
      const way = random.count(2)
      const wrong =
        way === 0
          ? text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2)
          : way === 1
            ? text.slice(0, at) + text.slice(at + 1)
            : text.slice(0, at) + text[at] + text.slice(at)
      if (wrong !== text && /^[a-z]/.test(wrong)) return wrong
    }
  }

  function change(
    kind: string,
    { command, steps }: Subject,
    at: Place,
    by: string,
    word: Word,
    undecidable: string | undefined,
  ): Mutation {
    const { within } = command
    const where =
      command.from === 'fence'
        ? 'fence'
        : within.includes('table')
          ? 'table'
          : within.includes('list')
            ? 'list'
            : 'prose'
    const lines = [...new Set([at.line, word.at.line, steps.at(-1)?.word.at.line ?? command.at.line])]
    return { kind, where, at, by, lines, command: command.source, undecidable }
  }

  /** A word that stands alone, or before nothing but a placeholder, can be the name of anything. */
  function alone({ words }: Subject): string | undefined {
    return words.length === 1 ? 'a single word of prose that is nearly a command may be another word' : undefined
  }

  function strange({ words, options, steps, args }: Subject): string | undefined {
    if (steps.length > 2 || options.length > 0) return undefined
    if (words.length === 1) return 'a single word of prose that is no command may be anything'
    return args.length === 0 || steps.length < 2
      ? 'without the program, words of which the first is unknown may be a command of another program'
      : undefined
  }
}

const NAMED = 'what is left names a command, as prose does, and shows nothing of how it is called'

function subjectOf(command: DocumentedCommand, tree: CommandTree): Subject | undefined {
  const [first] = command.words
  if (first === undefined || (literal(first)?.startsWith('-') ?? false)) return undefined
  const named = first.source.endsWith(tree.program)
  const words = named ? command.words.slice(1) : command.words
  const steps: Subject['steps'][number][] = []
  const options: Subject['options'][number][] = []
  const args: Word[] = []
  let node = tree.root
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const text = literal(word) ?? ''
    if (/^--\w/.test(word.source)) {
      const spec = node.options.find(({ names }) =>
        (names as readonly string[]).includes(word.source.replace(/=.*$/s, '')),
      )
      const value = spec?.value && !word.source.includes('=') ? words[++index] : undefined
      if (spec !== undefined) options.push({ word, value, required: spec.required })
      continue
    }
    const child = node.commands.find(one => one.name === text || one.aliases.includes(text))
    if (child !== undefined && args.length === 0) {
      steps.push({ word, parent: node, node: child })
      node = child
    } else args.push(word)
  }
  return { command, words, named, steps, options, args }
}

function names(node: CommandNode): string[] {
  return node.commands.flatMap(({ name, aliases }) => [name, ...aliases])
}

/** What a command was called before, or will be called next year. */
function rename(text: string): string | undefined {
  const [first, ...rest] = text.split('-')
  if (rest.length > 0) return [...rest, first].join('-')
  return `${text}-all`
}

/** With the blank before it. */
function withBlank(at: Place): Place {
  return { ...at, column: at.column - 1 }
}

/** The page with one mutation. */
export function mutate(lines: readonly string[], { at, by }: Pick<Mutation, 'at' | 'by'>): string {
  const line = lines[at.line - 1]!
  const changed = line.slice(0, at.column - 1) + by + line.slice(at.endColumn - 1)
  return lines.with(at.line - 1, changed).join('\n')
}

/** Paths of our own program that have gone stale. */
export function staleScriptsOf(commands: readonly DocumentedCommand[]): Mutation[] {
  return commands.flatMap(command => {
    const [word] = command.words
    if (word === undefined || !/^bin\/\w+$/.test(word.source)) return []
    const where = command.from === 'fence' ? 'fence' : command.within.includes('table') ? 'table' : 'prose'
    const common = { kind: 'stale script', where, at: word.at, lines: [word.at.line], command: command.source } as const
    return [
      { ...common, by: word.source.replace(/(\w)(\w)$/, '$2$1'), undecidable: undefined },
      { ...common, by: `scripts/${word.source.slice(4)}.sh`, undecidable: undefined },
    ]
  })
}

/** Another way to write the same: nothing may be found. */
export function harmlessChangesOf(
  judged: readonly JudgedCommand[],
  tree: CommandTree,
): Pick<Mutation, 'kind' | 'at' | 'by'>[] {
  return judged.flatMap(({ command, program }) => {
    const subject = program === tree.program ? subjectOf(command, tree) : undefined
    if (subject === undefined) return []
    const { words, options } = subject
    const placeholders = words.filter(({ source }) => /^<[\w-]+>$/.test(source))
    const plain = words.filter(word => literal(word) !== undefined && /^[\w./:-]+$/.test(word.source))
    const spaced = options.filter(
      ({ value, word }) =>
        value !== undefined &&
        !value.many &&
        value.at.line === word.at.line &&
        value.at.column === word.at.endColumn + 1,
    )
    return [
      ...placeholders.map(({ at }) => ({ kind: 'another placeholder', at, by: '<some-other-name>' })),
      ...placeholders.map(({ at }) => ({ kind: 'a variable', at, by: '"$VALUE"' })),
      ...(command.from === 'fence' ? plain.map(({ at, source }) => ({ kind: 'quotes', at, by: `'${source}'` })) : []),
      ...spaced.map(({ word, value }) => ({
        kind: 'an equals sign',
        at: { ...word.at, endColumn: value!.at.column },
        by: `${word.source}=`,
      })),
    ]
  })
}
