import type { ArgumentSpec, CommandNode, CommandTree, OptionSpec } from '../../tree/tree.ts'

/** What a small tree says differently from a command without options, arguments and sub-commands, all of it known. */
export type Sketch = Partial<Omit<CommandNode, 'name' | 'commands' | 'options' | 'args'>> & {
  /** `--as <json|text>`, `--wait`, `-o, --out <x>`; `!` after it: required; `*`: may be repeated; `1`: only once. */
  readonly options?: readonly string[]
  /** `<id>`, `[id]`, `<id>...`, `<on|off>`; null: not known. */
  readonly args?: readonly string[] | null
  readonly commands?: Readonly<Record<string, Sketch>>
}

export function smallTree(program: string, sketch: Sketch): CommandTree {
  const root = nodeOf(program, sketch)
  return { schema: 'runproof-command-tree-1', program, version: null, sha256: null, root, unread: [] }
}

function nodeOf(name: string, { options = [], args = [], commands = {}, ...rest }: Sketch): CommandNode {
  const below = Object.entries(commands).map(([child, sketch]) => nodeOf(child, sketch))
  return {
    name,
    aliases: [],
    style: 'clap',
    options: ['-h, --help', ...options].map(optionOf),
    optionsKnown: true,
    args: args === null ? null : args.map(argumentOf),
    commands: below,
    commandsKnown: true,
    commandRequired: below.length > 0,
    groups: [],
    ...rest,
  }
}

function optionOf(text: string): OptionSpec {
  const [, names, value, marks] = /^(.*?)((?:\[?=| )[[<].*?[\]>]+(?:\.\.\.)?)?([!*1]*)$/.exec(text)!
  const all = names!.split(', ')
  const inner = value?.replace(/[[\]<>=.\s]/g, '')
  return {
    names: [all.at(-1)!, ...all.slice(0, -1)],
    value:
      value === undefined || inner === undefined
        ? null
        : {
            name: inner.includes('|') ? 'value' : inner,
            optional: value.includes('['),
            attached: value.includes('='),
            many: value.includes('...'),
            values: inner.includes('|') ? inner.split('|') : null,
          },
    required: marks!.includes('!'),
    repeatable: marks!.includes('*') ? true : marks!.includes('1') ? false : null,
  }
}

function argumentOf(text: string): ArgumentSpec {
  const inner = text.replace(/[[\]<>.]/g, '')
  const values = inner.includes('|') ? inner.split('|') : null
  return { name: values === null ? inner : 'value', required: text.startsWith('<'), many: text.endsWith('...'), values }
}
