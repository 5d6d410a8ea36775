import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { readCitable } from '../src/cli/docs/citable-pages.ts'
import { makeRunbookPages } from '../src/cli/docs/write-docs.ts'
import { planRunbooks } from '../src/cli/planned-runbooks.ts'
import { judgePage } from '../src/docs/judge/judge.ts'
import { readPage } from '../src/docs/page/read-page.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const PAGES = path.join(ROOT, 'docs', 'operations')

describe('the operator pages and the runbooks', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'docs-write-'))
  after(() => rmSync(root, { recursive: true }))
  const citable = await readCitable()
  const made = await makeRunbookPages(citable)

  test('agree: every citation holds, and every page of a runbook is what its plan says', () => {
    assert.deepEqual(made.findings, [])
    assert.ok(made.pages.size >= 10)
    for (const [file, content] of made.pages)
      assert.ok(readFileSync(path.join(ROOT, file), 'utf8') === content, `${file} is stale; run: npm run generate`)
  })

  test('leave no operator page uncited', async () => {
    const cited = (await planRunbooks()).flatMap(({ ways }) =>
      ways.flatMap(({ plan }) => plan.steps.map(one => one.docs?.page)),
    )
    for (const file of readdirSync(PAGES)) assert.ok(cited.includes(path.basename(file, '.md')), `nobody cites ${file}`)
  })

  test('have a page for every runbook that shows its commands, each of which the program has', () => {
    let judged = 0
    for (const [file, content] of made.pages) {
      const verdict = judgePage(readPage(file, Buffer.from(content)), citable.trees, { programs: [] })
      assert.deepEqual(verdict.findings, [])
      judged += verdict.judged.length
    }
    assert.ok(judged > 200, `${judged} commands`)
  })

  const changes: readonly [page: string, from: string, to: string, rule: string][] = [
    ['production-runbooks', 'connectors delete <kind> <name>', 'connectors remove <kind> <name>', 'citation-command'],
    ['production-runbooks', 'runs cancel <run_id>', 'runs cancel <run_id> <why>', 'citation-argv'],
    ['capture', 'capture revoke <machine-id> --reason', 'capture revoke <machine> --reason', 'citation-command'],
    ['oauth', '--callback-port <port>', '--callback-port 8123', 'citation-argv'],
  ]
  for (const [page, from, to, rule] of changes) {
    test(`disagree as soon as ${page}.md says ${to}`, async () => {
      const directory = path.join(root, `${rule}-${to.length}`)
      cpSync(PAGES, directory, { recursive: true })
      const file = path.join(directory, `${page}.md`)
      const text = readFileSync(file, 'utf8')
      assert.ok(text.includes(from))
      writeFileSync(file, text.replaceAll(from, to))
      const { findings } = await makeRunbookPages(await readCitable(directory))
      assert.ok(findings.length > 0)
      assert.ok(
        findings.some(one => one.rule === rule && one.at.line > 1),
        JSON.stringify(findings),
      )
    })
  }

  test('disagree where a page is gone', async () => {
    const directory = path.join(root, 'gone')
    cpSync(PAGES, directory, { recursive: true })
    rmSync(path.join(directory, 'capture.md'))
    const { findings } = await makeRunbookPages(await readCitable(directory))
    assert.ok(
      findings.some(one => one.rule === 'citation-page' && /the page capture, and there is none/.test(one.message)),
    )
    rmSync(directory, { recursive: true })
    await assert.rejects(async () => makeRunbookPages(await readCitable(directory)), { code: 'FILE_UNREADABLE' })
  })

  test('are asked by the command line', () => {
    const run = (...words: string[]) => {
      const env = { PATH: process.env.PATH, HOME: root }
      return spawnSync(path.join(ROOT, 'bin/runproof'), ['docs', ...words], { env, encoding: 'utf8' })
    }
    const { status, stdout, stderr } = run('write', '--check')
    assert.deepEqual([status, /every citation holds/.test(stdout)], [0, true], stdout + stderr)
    const nothing = run('stale', root)
    assert.deepEqual([nothing.status, /nothing could be judged/.test(nothing.stderr)], [3, true])
    assert.equal(run('stale').status, 2)
  })
})
