import { RunproofError } from '../../model/error.ts'
import { type Shape, shapeProblem } from './shape.ts'
import type { CommandTree } from './tree.ts'

/** The file form of a tree: the same tree gives the same bytes, and what changes in a program is one line an option. */
export function writeTree(tree: CommandTree): string {
  return `${printed(inOrder(tree, TREE), '')}\n`
}

/** A node and what holds nodes takes lines of its own; everything smaller fits into one. */
function printed(value: unknown, indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0 || value.some(item => typeof item !== 'object')) return inLine(value)
    return `[\n${value.map(item => deeper + printed(item, deeper)).join(',\n')}\n${indent}]`
  }
  if (!('commands' in value || 'root' in value)) return inLine(value)
  const members = Object.entries(value).map(
    ([key, member]) => `${deeper}${JSON.stringify(key)}: ${printed(member, deeper)}`,
  )
  return `{\n${members.join(',\n')}\n${indent}}`
}

function inLine(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(inLine).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${inLine(member)}`)
    .join(', ')} }`
}

/** Members in the order of the type, whatever order they were made in. */
function inOrder(value: unknown, shape: Shape): unknown {
  if (value === null || typeof shape === 'string' || 'literal' in shape || 'oneOf' in shape) return value
  if ('nullable' in shape) return inOrder(value, shape.nullable)
  if ('later' in shape) return inOrder(value, shape.later())
  if ('list' in shape) return (value as readonly unknown[]).map(item => inOrder(item, shape.list))
  const source = value as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.entries(shape.members).map(([key, member]) => [key, inOrder(source[key], member)]))
}

/**
 * Reads a saved tree.
 *
 * @param file - its name, for messages
 * @throws RunproofError TREE_INVALID where the text is no JSON, or a member is missing, unknown or of another type
 */
export function readTree(file: string, text: string): CommandTree {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new RunproofError('TREE_INVALID', `${file} is not JSON`, { hint: HINT, cause })
  }
  const problem = shapeProblem(value, TREE)
  if (problem !== null) throw new RunproofError('TREE_INVALID', `${file}: ${problem}`, { hint: HINT })
  return value as CommandTree
}

const HINT = 'save it again from the program: runproof docs tree --binary PATH --output FILE'

const NAMES: Shape = { list: 'name', least: 1 }

const OPTION: Shape = {
  members: {
    names: NAMES,
    value: {
      nullable: {
        members: {
          name: 'text',
          optional: 'boolean',
          attached: 'boolean',
          many: 'boolean',
          values: { nullable: { list: 'text' } },
        },
      },
    },
    required: 'boolean',
    repeatable: { nullable: 'boolean' },
  },
}

const ARGUMENT: Shape = {
  members: { name: 'text', required: 'boolean', many: 'boolean', values: { nullable: { list: 'text' } } },
}

const NODE: Shape = {
  members: {
    name: 'name',
    aliases: { list: 'name' },
    style: { oneOf: ['clap', 'cobra', 'commander', 'argparse', 'completion', 'other'] },
    options: { list: OPTION },
    optionsKnown: 'boolean',
    args: { nullable: { list: ARGUMENT } },
    commands: { list: { later: () => NODE } },
    commandsKnown: 'boolean',
    commandRequired: 'boolean',
    groups: { list: { members: { options: { list: 'name' }, required: 'boolean' } } },
  },
}

const TREE: Shape = {
  members: {
    schema: { literal: 'runproof-command-tree-1' },
    program: 'name',
    version: { nullable: 'text' },
    sha256: { nullable: 'sha256' },
    root: NODE,
    unread: { list: { members: { path: { list: 'name' }, why: 'text' } } },
  },
}
