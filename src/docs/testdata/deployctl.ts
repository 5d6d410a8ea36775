import type { CommandNode, CommandTree, OptionSpec } from '../tree/tree.ts'

const switched = (...names: readonly [string, ...string[]]): OptionSpec => ({
  names,
  value: null,
  required: false,
  repeatable: false,
})

const node = (name: string, more: Partial<CommandNode> = {}): CommandNode => ({
  name,
  aliases: [],
  style: 'clap',
  options: [switched('--help', '-h')],
  optionsKnown: true,
  args: [],
  commands: [],
  commandsKnown: true,
  commandRequired: false,
  groups: [],
  ...more,
})

/** A program that only tests know: `deployctl push <app> [--wait] [--color auto|never]` and `deployctl routes check`. */
export function deployctl(more: Partial<CommandTree> = {}): CommandTree {
  const color: OptionSpec = {
    names: ['--color'],
    value: { name: 'WHEN', optional: false, attached: false, many: false, values: ['auto', 'never'] },
    required: false,
    repeatable: false,
  }
  const push = node('push', {
    options: [switched('--help', '-h'), switched('--wait', '-w'), color],
    args: [{ name: 'app', required: true, many: false, values: null }],
  })
  const routes = node('routes', { commands: [node('check')], commandRequired: true })
  return {
    schema: 'runproof-command-tree-1',
    program: 'deployctl',
    version: '1.4.0',
    sha256: null,
    root: node('deployctl', { commands: [push, routes], commandRequired: true }),
    unread: [],
    ...more,
  }
}
