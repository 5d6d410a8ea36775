import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { RunproofError } from '../../model/error.ts'
import { readTree, writeTree } from './saved.ts'
import type { CommandNode, CommandTree } from './tree.ts'

const NODE: CommandNode = {
  name: 'put',
  aliases: ['add'],
  style: 'clap',
  options: [
    {
      names: ['--output', '-o'],
      value: { name: 'FORM', optional: true, attached: false, many: true, values: ['a', 'b'] },
      required: true,
      repeatable: null,
    },
    { names: ['--wait'], value: null, required: false, repeatable: false },
  ],
  optionsKnown: true,
  args: [{ name: 'NAME', required: true, many: false, values: null }],
  commands: [],
  commandsKnown: true,
  commandRequired: false,
  groups: [{ options: ['--output', '--wait'], required: true }],
}

const TREE: CommandTree = {
  schema: 'runproof-command-tree-1',
  program: 'keep',
  version: '1.2.3',
  sha256: 'ab'.repeat(32),
  root: { ...NODE, name: 'keep', args: null, commands: [NODE, { ...NODE, name: 'get', options: [], groups: [] }] },
  unread: [{ path: ['put'], why: 'no "reason"' }],
}

describe('a saved tree', () => {
  test('reads back as it was, and is written again as the same bytes', () => {
    const text = writeTree(TREE)
    assert.deepEqual(readTree('keep.json', text), TREE)
    assert.equal(writeTree(readTree('keep.json', text)), text)
  })

  test('has one line an option, so that a change of the program is a change of few lines', () => {
    assert.match(
      writeTree(TREE),
      /^ +\{ "names": \["--wait"\], "value": null, "required": false, "repeatable": false \},?$/m,
    )
  })

  test('has its members in one order, whatever order they were made in', () => {
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned)
      if (value === null || typeof value !== 'object') return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, member]) => [key, turned(member)]),
      )
    }
    assert.equal(writeTree(turned(TREE) as CommandTree), writeTree(TREE))
  })

  /** The tree with one member replaced, or without it where that is undefined. */
  const changed = (member: string, value: unknown): string => {
    const keys = member.split(/[.[\]]+/).filter(key => key !== '')
    const copy: unknown = JSON.parse(writeTree(TREE))
    const holder = keys.slice(0, -1).reduce((from, key) => (from as Record<string, unknown>)[key], copy)
    Object.assign(holder as object, { [keys.at(-1)!]: value })
    return JSON.stringify(copy)
  }
  const refused: readonly (readonly [text: string, message: string])[] = [
    ['', 'keep.json is not JSON'],
    ['{"schema": ', 'keep.json is not JSON'],
    ['[]', 'keep.json: the file is not an object'],
    ['null', 'keep.json: the file is not an object'],
    ['{}', 'keep.json: schema is missing'],
    [changed('schema', 'runproof-command-tree-2'), 'keep.json: schema is not "runproof-command-tree-1"'],
    [changed('program', ''), 'keep.json: program is not text that is not empty'],
    [changed('sha256', 'AB'), 'keep.json: sha256 is not 64 hexadecimal digits'],
    [changed('root.commands[1].args', undefined), 'keep.json: root.commands[1].args is missing'],
    [
      changed('root.style', 'git'),
      'keep.json: root.style is none of clap, cobra, commander, argparse, completion, other',
    ],
    [changed('root.options[0].names', []), 'keep.json: root.options[0].names is empty'],
    [changed('root.options[0].value.many', 1), 'keep.json: root.options[0].value.many is not true or false'],
    [changed('root.commands', {}), 'keep.json: root.commands is not a list'],
    [changed('root.commands[0].extra', 1), 'keep.json: root.commands[0].extra is not a member of this form'],
    [changed('unread[0].path[0]', 1), 'keep.json: unread[0].path[0] is not text that is not empty'],
    [`{"root":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'keep.json: schema is missing'],
  ]
  for (const [text, message] of refused) {
    test(`is refused with its file and member: ${message}`, () => {
      assert.throws(
        () => readTree('keep.json', text),
        (error: unknown) => {
          assert.ok(error instanceof RunproofError)
          assert.deepEqual([error.code, error.message], ['TREE_INVALID', message])
          return true
        },
      )
    })
  }

  test('nested without end is refused and overflows nothing', () => {
    let node: Record<string, unknown> = { ...NODE }
    for (let depth = 0; depth < 2_000; depth++) node = { ...NODE, commands: [node] }
    assert.throws(() => readTree('keep.json', JSON.stringify({ ...TREE, root: node })), /nested too deep/)
  })

  test('of each program that is checked in reads', () => {
    for (const program of ['kheish-daemon', 'runproof']) {
      const file = join(import.meta.dirname, '../../../fixtures/docs', program, '0.1.0.json')
      assert.equal(readTree(file, readFileSync(file, 'utf8')).program, program)
    }
  })
})
