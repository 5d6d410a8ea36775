import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileOf, idsOf, RUNBOOKS, SUITES } from '../registry.ts'
import { titleWithoutLoading } from './title.ts'

const dir = mkdtempSync(join(tmpdir(), 'title-'))
after(() => rmSync(dir, { recursive: true }))

const pageOf = (title: string) => `---\ntitle: ${JSON.stringify(title)}\nprogram: kheish-daemon\n---\n`

describe('a title that is told without loading', () => {
  const cases: readonly [title: string, source: string, page: string | undefined, told: string | undefined][] = [
    ['is that of page and source', "title: 'One',", pageOf('own: One'), 'One'],
    ['may be quoted in any way', 'title: "It’s \'one\'",', pageOf("own: It’s 'one'"), "It’s 'one'"],
    ['is none where the page is older than the source', "title: 'Two',", pageOf('own: One'), undefined],
    ['is none where the source spells only a longer one', "title: 'One more',", pageOf('own: One'), undefined],
    ['is none where the page is that of another one', "title: 'One',", pageOf('other: One'), undefined],
    ['is none without a page, as for a runbook of one’s own', "title: 'One',", undefined, undefined],
    ['is none where the page has no title', "title: 'One',", '# own: One\n', undefined],
  ]
  for (const [title, source, page, told] of cases) {
    test(title, () => {
      const file = join(mkdtempSync(join(dir, 'case-')), 'own.ts')
      writeFileSync(file, source)
      if (page !== undefined) writeFileSync(file.replace(/ts$/, 'md'), page)
      assert.equal(titleWithoutLoading('own', file), told)
    })
  }

  // The pages themselves are held against their runbooks by `npm run check`.
  test('is there for every runbook and suite of this installation: a list loads none of them', () => {
    for (const registry of [RUNBOOKS, SUITES]) {
      const untold = idsOf(registry).filter(id => titleWithoutLoading(id, fileOf(registry, id)) === undefined)
      assert.deepEqual(untold, [])
    }
  })
})
