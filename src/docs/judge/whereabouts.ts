import type { CommandNode, CommandTree, OptionSpec } from '../tree/tree.ts'

/** One command of a tree, with the way to it. */
export interface Located {
  /** Without the program; empty for the program itself. */
  readonly path: readonly string[]
  readonly node: CommandNode
  /** What it stands right below; undefined for the program itself. */
  readonly above: Located | undefined
}

/** Where in a program a command or an option of some name is; names of commands also by their aliases. */
export interface Whereabouts {
  readonly commands: ReadonlyMap<string, readonly Located[]>
  readonly options: ReadonlyMap<string, readonly (Located & { readonly spec: OptionSpec })[]>
  /** Names of options without their two hyphens. */
  readonly long: readonly string[]
  /** Whether all options of all commands are known; `help` is not asked for its own. */
  readonly optionsKnown: boolean
}

const KNOWN = new WeakMap<CommandNode, Whereabouts>()

/** Made once: a page asks for every word it has, and trees are never changed. */
export function whereabouts({ root }: Pick<CommandTree, 'root'>): Whereabouts {
  let found = KNOWN.get(root)
  if (found === undefined) {
    found = collect(root)
    KNOWN.set(root, found)
  }
  return found
}

function collect(root: CommandNode): Whereabouts {
  const commands = new Map<string, Located[]>()
  const options = new Map<string, (Located & { spec: OptionSpec })[]>()
  const open: Located[] = [{ path: [], node: root, above: undefined }]
  for (const located of open) {
    for (const spec of located.node.options) for (const name of spec.names) add(options, name, { ...located, spec })
    for (const node of located.node.commands) {
      const below = { path: [...located.path, node.name], node, above: located }
      open.push(below)
      for (const name of [node.name, ...node.aliases]) add(commands, name, below)
    }
  }
  const long = [...options.keys()].filter(name => name.startsWith('--')).map(name => name.slice(2))
  const optionsKnown = open.every(({ path, node }) => node.optionsKnown || (path.length > 0 && node.name === 'help'))
  return { commands, options, long, optionsKnown }
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** The command of this name or alias right below a node. */
export function childOf(node: CommandNode, name: string): CommandNode | undefined {
  return node.commands.find(child => child.name === name || child.aliases.includes(name))
}

/** All names that may follow a node, aliases included. */
export function childNames(node: CommandNode): string[] {
  return node.commands.flatMap(child => [child.name, ...child.aliases])
}
