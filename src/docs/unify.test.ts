import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Sketch, smallTree } from './judge/testdata/small-tree.ts'
import { argvOf, templateWords } from './template.ts'
import { unify } from './unify.ts'

/** A command with the options that all have. */
function node({ options = [], ...more }: Sketch = {}): Sketch {
  return { ...more, options: [...options, '--base-url <URL>', '--output <FORM>'] }
}

const tree = smallTree(
  'deployctl',
  node({
    commands: {
      slots: node({
        aliases: ['slot'],
        commands: {
          put: node({ args: ['<SLOT>'], options: ['--provider <NAME>', '--stdin', '--from-file <PATH>'] }),
          list: node(),
        },
      }),
      check: node({ commands: { routes: node({ options: ['--auth'] }) } }),
      tag: node({ args: ['<SLOT>...'], options: ['--label <TEXT>'] }),
    },
  }),
)

const cases: readonly [title: string, documented: string, run: string, outcome: boolean][] = [
  ['the same words', 'deployctl slots list', 'deployctl slots list', true],
  ['a program by its path', 'deployctl slots list', '/opt/bin/deployctl slots list', true],
  ['another program', 'deployctl slots list', 'deploy slots list', false],
  ['prose that leaves the program out', 'slots list', 'deployctl slots list', true],
  ['another sub-command', 'slots list', 'deployctl slots put a', false],
  ['a sub-command less', 'check routes', 'deployctl check', false],
  ['a sub-command more', 'check', 'deployctl check routes', false],
  ['an alias', 'slots list', 'deployctl slot list', true],
  ['a hole', 'slots put <slot> --stdin', 'deployctl slots put main --stdin', true],
  ['a hole inside of a word', 'slots put mcp.<id>.key --stdin', 'deployctl slots put mcp.a.key --stdin', true],
  ['a hole that nothing fills', 'slots put mcp.<id>.key --stdin', 'deployctl slots put mcp..key --stdin', false],
  ['another end after a hole', 'slots put mcp.<id>.key --stdin', 'deployctl slots put mcp.a.keys --stdin', false],
  ['a literal that differs', 'slots put main --stdin', 'deployctl slots put other --stdin', false],
  [
    'options in another order',
    'slots put <s> --provider <p> --stdin',
    'deployctl slots put --stdin --provider x a',
    true,
  ],
  ['a joined value', 'slots put <s> --provider <p> --stdin', 'deployctl slots put a --provider=x --stdin', true],
  ['another value', 'slots put <s> --provider x --stdin', 'deployctl slots put a --provider y --stdin', false],
  ['an option less', 'slots put <s> --provider <p> --stdin', 'deployctl slots put a --stdin', false],
  ['an option more', 'slots put <s> --stdin', 'deployctl slots put a --stdin --provider x', false],
  ['an option of no command', 'slots put <s> --stdin', 'deployctl slots put a --stdin --force', false],
  ['an argument less', 'slots put <s> --stdin', 'deployctl slots put --stdin', false],
  ['an argument more', 'slots put <s> --stdin', 'deployctl slots put a b --stdin', false],
  ['global options before', 'slots list', 'deployctl --base-url http://x --output json slots list', true],
  ['global options in the page', 'slots list --output json', 'deployctl slots list', true],
  ['a question for help', 'slots list', 'deployctl slots list --help', false],
  ['dots for anything', 'slots put …', 'deployctl slots put a --stdin', true],
  ['dots where a sub-command would stand', 'slots …', 'deployctl slots put a --stdin', false],
  ['several arguments', 'tag <one> <two>', 'deployctl tag a b', true],
  ['a word that looks like a sub-command after the first argument', 'tag <one> list', 'deployctl tag a list', true],
  ['an argument that begins with a hyphen', 'tag -- <one>', 'deployctl tag -- --label', true],
  ['an option given twice', 'tag <x> --label <l>', 'deployctl tag x --label a --label b', false],
]

describe('a command line that is run', () => {
  for (const [title, documented, run, outcome] of cases) {
    test(`${title}: ${documented} ${outcome ? 'documents' : 'does not document'} ${run}`, () => {
      assert.equal(unify(templateWords(documented), argvOf(run), tree), outcome)
    })
  }

  test('may leave out what the page has in brackets', () => {
    const words = templateWords('slots put <slot> --stdin').map(word => ({
      ...word,
      optional: word.source === '--stdin',
    }))
    assert.ok(unify(words, ['deployctl', 'slots', 'put', 'a'], tree))
    assert.ok(unify(words, ['deployctl', 'slots', 'put', 'a', '--stdin'], tree))
  })

  test('takes any number of words where the page has an unquoted variable', () => {
    const words = templateWords('tag <all>').map(word => ({ ...word, many: word.source === '<all>' }))
    for (const more of [[], ['a'], ['a', 'b']]) assert.ok(unify(words, ['deployctl', 'tag', ...more], tree))
    assert.ok(!unify(words, ['deployctl', 'tag', 'a', '--label', 'x'], tree))
  })

  test('is compared in good time with any number of words of any number', () => {
    const words = templateWords(`tag ${'<all> '.repeat(40)}end`).map(word => ({
      ...word,
      many: word.source === '<all>',
    }))
    const argv = ['deployctl', 'tag', ...Array.from({ length: 60 }, () => 'a')]
    assert.ok(!unify(words, argv, tree))
    assert.ok(unify(words, [...argv, 'end'], tree))
  })

  test('is compared word by word where nothing is known of its program', () => {
    const words = templateWords('sha256sum -c <file>')
    assert.ok(unify(words, ['/usr/bin/sha256sum', '-c', 'SHA256SUMS']))
    for (const argv of [['sha256sum', 'SHA256SUMS', '-c'], ['sha256sum', '-c'], ['b2sum', '-c', 'x'], []])
      assert.ok(!unify(words, argv), argv.join(' '))
  })
})

describe('a recorded command', () => {
  const recorded: readonly [line: string, argv: readonly string[]][] = [
    ['deployctl slots put a --stdin < [secret new-key]', ['deployctl', 'slots', 'put', 'a', '--stdin']],
    ['KEY=[secret the key] deployctl check < (text)', ['deployctl', 'check']],
    [`deployctl tag 'two words' 'it'\\''s' ''`, ['deployctl', 'tag', 'two words', "it's", '']],
    ['deployctl tag <slot> …', ['deployctl', 'tag', '<slot>', '…']],
    ['', []],
  ]
  for (const [line, argv] of recorded)
    test(`is read back as it was run: ${line}`, () => assert.deepEqual(argvOf(line), argv))
})
