import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { readConfig } from './config.ts'

const read = (docs: unknown) => readConfig('runproof.config.json', JSON.stringify({ docs }))
const entry = (more: Readonly<Record<string, unknown>>) => ({ reason: 'in 2.0', expires: '2027-01-31', ...more })

describe('a configuration', () => {
  test('says which programs, trees, documents and text there are, and what is ignored', () => {
    const docs = {
      programs: ['deployctl'],
      trees: ['docs/trees'],
      samples: ['status.json'],
      schemas: ['status.schema.json'],
      root: '.',
      forbidden: [{ fragment: '/home/', reason: 'pages name no home' }],
      ignore: [entry({ rule: 'unknown-flag', page: 'docs/old/**', command: 'deployctl push' })],
    }
    const { ignore, ...rest } = read(docs)
    const { ignore: given, ...expected } = docs
    assert.deepEqual(rest, expected)
    const [{ at, ...first }, ...more] = ignore as [(typeof ignore)[number]]
    assert.deepEqual([first, more], [given[0], []])
    assert.equal(at.file, 'runproof.config.json')
  })

  test('stands beside what other commands read of the same file', () => {
    assert.deepEqual(readConfig('x', '{"policy": "policy.json", "docs": {"root": "."}}').root, '.')
  })

  test('may be empty, begin with a byte order mark and name its schema', () => {
    const empty = readConfig('x', '\uFEFF{"$schema": "https://example.test/x.json"}')
    assert.deepEqual(empty.programs, [])
    assert.equal(empty.root, undefined)
  })

  test('knows the line of each entry of its list', () => {
    const text = `{
  "docs": {
    "ignore": [
      {"rule": "unknown-flag", "reason": "a", "expires": "2027-01-31"},
      {
        "page": "x.md", "reason": "b", "expires": "2027-01-31"
      }
    ]
  }
}`
    assert.deepEqual(
      readConfig('c.json', text).ignore.map(({ at }) => [at.line, at.column, at.endLine, at.endColumn]),
      [
        [4, 7, 4, 71],
        [5, 7, 7, 8],
      ],
    )
  })

  const mistakes: readonly (readonly [title: string, text: string, problem: RegExp])[] = [
    ['is no JSON', '{', /c\.json: it is not JSON/],
    ['is a list', '[]', /the file is no object/],
    ['is null', 'null', /the file is no object/],
    ['has a member too many', '{"doc": {}}', /there is no member doc; did you mean docs\?/],
    ['has a member too many in docs', '{"docs": {"ignores": []}}', /no member docs\.ignores; did you mean ignore\?/],
    ['has programs that are no list', '{"docs": {"programs": "x"}}', /docs\.programs is no list/],
    ['has a tree that is no text', '{"docs": {"trees": ["a", 1]}}', /docs\.trees\[1\] is no text/],
    ['has a root that is empty', '{"docs": {"root": " "}}', /docs\.root is no text/],
    [
      'forbids nothing',
      '{"docs": {"forbidden": [{"fragment": "", "reason": "x"}]}}',
      /forbidden\[0\]\.fragment is no text/,
    ],
    ['forbids without a reason', '{"docs": {"forbidden": [{"fragment": "x"}]}}', /forbidden\[0\]\.reason is no text/],
    [
      'forbids too much',
      '{"docs": {"forbidden": [{"fragmet": "x"}]}}',
      /forbidden\[0\]\.fragmet; did you mean fragment\?/,
    ],
    ['ignores everything', ignoring(entry({})), /ignore\[0\] has no rule, page or command/],
    [
      'ignores no rule',
      ignoring(entry({ rule: 'unknown-flags' })),
      /rule unknown-flags, .* did you mean unknown-flag\?/,
    ],
    ['ignores without a reason', ignoring(entry({ page: 'x', reason: '' })), /ignore\[0\] has no text as its reason/],
    ['ignores for ever', ignoring(entry({ page: 'x', expires: undefined })), /has no text as its expires/],
    ['ignores until no day', ignoring(entry({ page: 'x', expires: '2027-02-29' })), /2027-02-29, which is no day/],
    ['ignores with a member too many', ignoring(entry({ pages: 'x' })), /ignore\[0\] has the unknown member pages/],
    ['ignores what is no object', ignoring('x'), /ignore\[0\] is no object/],
  ]
  for (const [title, text, problem] of mistakes)
    test(`that ${title} is refused, named`, () => {
      assert.throws(
        () => readConfig('c.json', text),
        thrown => thrown instanceof RunproofError && thrown.code === 'CONFIG_INVALID' && problem.test(thrown.message),
      )
    })
})

function ignoring(one: unknown): string {
  return JSON.stringify({ docs: { ignore: [one] } })
}
