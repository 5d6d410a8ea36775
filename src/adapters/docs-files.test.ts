import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { findPages, readPageFile } from './docs-files.ts'

const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'runproof-docs-files-')))
after(() => rmSync(root, { recursive: true }))

for (const file of [
  'README.md',
  'docs/a.md',
  'docs/b.mdx',
  'docs/c.markdown',
  'docs/D.MD',
  'docs/notes.txt',
  'docs/deep/er/e.md',
  'docs/node_modules/x/f.md',
  'docs/.hidden/g.md',
  'docs/.h.md',
  'docs/deep/[odd].md',
  'empty/x.txt',
]) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), file)
}
symlinkSync('..', path.join(root, 'docs/deep/loop'))
symlinkSync('self.md', path.join(root, 'docs/self.md'))
symlinkSync('../README.md', path.join(root, 'docs/linked.md'))
spawnSync('mkfifo', [path.join(root, 'docs/pipe.md')])

const BELOW_DOCS_MD = [
  'docs/a.md',
  'docs/deep/[odd].md',
  'docs/deep/er/e.md',
  'README.md',
  'docs/pipe.md',
  'docs/self.md',
].sort()
const shown = (...words: readonly string[]) => findPages(words, root).pages.map(page => page.shown)
const BELOW_DOCS = [
  ...['docs/D.MD', 'docs/a.md', 'docs/b.mdx', 'docs/c.markdown', 'docs/deep/[odd].md', 'docs/deep/er/e.md'],
  ...['docs/linked.md', 'docs/pipe.md', 'docs/self.md'],
]

describe('pages', () => {
  test('of a directory are those below it, without what is hidden and what is of others', () => {
    assert.deepEqual(shown('docs'), BELOW_DOCS)
  })

  test('are told where a link to a directory was not followed', () => {
    assert.deepEqual(
      findPages(['docs'], root).passedOver.map(one => one.shown),
      ['docs/deep/loop'],
    )
  })

  const cases: readonly (readonly [title: string, words: readonly string[], expected: readonly string[]])[] = [
    [
      'are files as they are named, whatever they end in',
      ['docs/notes.txt', 'README.md'],
      ['README.md', 'docs/notes.txt'],
    ],
    ['are read once, however they are reached', ['docs/a.md', './docs/../docs/a.md', 'docs/a.*'], ['docs/a.md']],
    ['are read once through links, too, by their own name', ['docs/linked.md', 'README.md'], ['README.md']],
    ['match a pattern', ['docs/*.md'], ['docs/a.md', 'docs/linked.md', 'docs/pipe.md', 'docs/self.md']],
    ['match a pattern of any depth', ['**/e.md'], ['docs/deep/er/e.md']],
    ['match a pattern without what is hidden and of others, and through no loop', ['**/*.md'], [...BELOW_DOCS_MD]],
    ['are below directories that match', ['docs/dee?'], ['docs/deep/[odd].md', 'docs/deep/er/e.md']],
    ['may be named by what looks like a pattern', ['docs/deep/[odd].md'], ['docs/deep/[odd].md']],
    ['may be hidden where they are named', ['docs/.h.md'], ['docs/.h.md']],
  ]
  for (const [title, words, expected] of cases) test(title, () => assert.deepEqual(shown(...words), expected))

  test('outside the working directory are shown by their whole path', () => {
    const [page] = findPages([path.join(root, 'README.md')], path.join(root, 'docs')).pages
    assert.equal(page!.shown, path.join(root, 'README.md'))
  })

  const mistakes: readonly (readonly [title: string, word: string, problem: RegExp])[] = [
    ['is not there', 'docs/none.md', /there is no docs\/none\.md/],
    ['is below a file', 'README.md/x.md', /there is no README\.md\/x\.md/],
    ['matches nothing', 'docs/*.rst', /nothing matches docs\/\*\.rst/],
    ['is a directory without pages', 'empty', /there is no page below empty/],
    ['is empty', '', /empty word/],
  ]
  for (const [title, word, problem] of mistakes)
    test(`that a word names which ${title} are a usage error`, () => {
      assert.throws(
        () => findPages(['README.md', word], root),
        thrown => thrown instanceof RunproofError && thrown.code === 'USAGE' && problem.test(thrown.message),
      )
    })
})

describe('reading a page', () => {
  const read = (file: string) => readPageFile({ path: path.join(root, file), shown: file })

  test('gives its bytes', () => assert.equal(Buffer.from(read('docs/a.md')).toString(), 'docs/a.md'))

  test('that is a pipe or a link to itself ends at once, with an error that names it', () => {
    assert.throws(() => read('docs/pipe.md'), /can't read docs\/pipe\.md: it is no ordinary file/)
    assert.throws(() => read('docs/self.md'), /can't read docs\/self\.md: ELOOP/)
    assert.throws(() => readPageFile({ path: '/dev/zero', shown: 'zero' }), /zero: it is no ordinary file/)
  })

  test('that may not be read is an error', () => {
    chmodSync(root, 0o755)
    chmodSync(path.join(root, 'docs/c.markdown'), 0)
    const own = process.geteuid!()
    // Root may read everything.
    if (own === 0) process.seteuid!(65_534)
    try {
      assert.throws(() => read('docs/c.markdown'), /can't read docs\/c\.markdown: EACCES/)
    } finally {
      if (own === 0) process.seteuid!(own)
    }
  })
})
