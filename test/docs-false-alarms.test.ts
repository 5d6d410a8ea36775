import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Finding } from '../src/docs/finding.ts'
import { judgePage } from '../src/docs/judge/judge.ts'
import { readPage } from '../src/docs/page/read-page.ts'
import { readTree } from '../src/docs/tree/saved.ts'

const trees = ['fixtures/docs/kheish-daemon/0.1.0.json', 'fixtures/docs/runproof/0.1.0.json'].map(file =>
  readTree(file, readFileSync(file, 'utf8')),
)

/** Pages of other projects, of which many are about command lines. */
const FOREIGN = ['commander', 'zx', 'knip', 'undici', 'ajv', 'fastify', 'testcontainers', 'tar', 'yaml', 'node-forge']

function told({ at, severity, rule, message }: Finding): string {
  return `${at.file}:${at.line}:${at.column} ${severity} ${rule} ${message}`
}

describe('what is no mistake', () => {
  test('is not reported in any page of ours, with the trees of both programs', () => {
    const files = globSync(['README.md', 'docs/**/*.md'])
    assert.ok(files.length > 10)
    const verdicts = files.map(file => judgePage(readPage(file, readFileSync(file)), trees, { programs: [] }))
    assert.deepEqual(verdicts.flatMap(({ findings }) => findings).map(told), [])
    const judged = verdicts.flatMap(verdict => verdict.judged)
    for (const { program } of trees)
      assert.ok(judged.filter(one => one.program === program).length > 50, `commands of ${program}`)
  })

  // A page that is said to speak of a program which it has never heard of is the hardest there is: all of its code is of others.
  const pages = globSync(FOREIGN.map(name => `node_modules/${name}/**/*.md`))
    .filter(file => file.split('node_modules').length === 2)
    .map(file => readPage(file, readFileSync(file)))
  for (const tree of trees)
    test(`is not reported in pages of other projects that are taken for pages of ${tree.program}`, t => {
      const verdicts = pages.map(page => judgePage(page, [tree], { programs: [tree.program] }))
      const commands = verdicts.reduce((sum, verdict) => sum + verdict.commands.length, 0)
      assert.ok(commands > 1000, `${commands} commands in ${pages.length} pages`)
      const found = verdicts.flatMap(({ findings }) => findings).filter(({ rule }) => rule !== 'shell-syntax')
      t.diagnostic(
        `${commands} commands in ${pages.length} pages, ${found.length} warnings about options that stand alone`,
      )
      assert.deepEqual(found.filter(one => one.rule !== 'unknown-flag' || one.severity === 'error').map(told), [])
    })
})
