import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { files } from '../../adapters/files.ts'
import { plan } from '../../engine/plan.ts'
import type { Unsealed } from '../../evidence/seal.ts'
import { newSigner, runDirectory, sealRun, unsealed } from '../../evidence/testdata/sealed-run.ts'
import { loadReports, loadRunbook, loadTarget } from '../registry.ts'
import { factsBefore } from '../run/run-facts.ts'
import { judgeRuns } from './stale-evidence.ts'

const root = mkdtempSync(path.join(tmpdir(), 'stale-'))
const pagesDir = path.join(root, 'pages')
const reports = path.join(root, 'reports')
const binary = path.join(root, 'daemon')
const signer = newSigner()
const key = [signer.keyId]
const made: string[] = [root]
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true })
})

/** A run of `slo-probe` as it would be sealed now, with pages and binary of this test. */
async function sealed(name: string, change: (run: Unsealed) => Unsealed = run => run): Promise<void> {
  const { runbook, path: file } = await loadRunbook('slo-probe')
  const given = { 'base-url': 'http://127.0.0.1:1', 'token-file': '/run/token', binary }
  const planned = plan(runbook, await loadTarget('kheish'), given)
  const { facts } = await factsBefore(planned, pagesDir)
  const [step] = unsealed.steps
  const run: Unsealed = {
    ...unsealed,
    runId: name,
    runbook: { ...unsealed.runbook, id: runbook.id, sha256: await files.sha256(file) },
    target: { id: 'kheish', title: 'daemon', real: true },
    facts,
    steps: [{ ...step!, docs: { page: 'production-runbooks', command: 'status' } }],
  }
  const place = runDirectory()
  made.push(place.root)
  await sealRun(place, { run: change(run), signer, reports: await loadReports() })
  cpSync(place.finalDir, path.join(reports, name), { recursive: true })
}

const verdicts = async (places = [reports], given: { binary?: string; key?: readonly string[] } = {}) => {
  const told = await judgeRuns(places, { key, ...given }, pagesDir)
  return Object.fromEntries(told.map(one => [path.basename(one.dir), one.verdict]))
}

describe('runs in a directory', () => {
  before(async () => {
    mkdirSync(pagesDir)
    mkdirSync(reports)
    writeFileSync(path.join(pagesDir, 'production-runbooks.md'), '# Night\n')
    writeFileSync(binary, 'daemon 1')
    await sealed('run-a')
    await sealed('run-old', run => ({ ...run, facts: {} }))
    mkdirSync(path.join(reports, 'schema'))
    cpSync(path.join(reports, 'run-a'), path.join(reports, 'run-changed'), { recursive: true })
    appendFileSync(path.join(reports, 'run-changed', 'artifacts', 'a.txt'), '.')
  })

  test('are fresh while nothing has changed; what was altered or says too little is told apart', async () => {
    assert.deepEqual(await verdicts([reports], { binary }), {
      'run-a': 'fresh',
      'run-changed': 'not judged',
      'run-old': 'unknown',
    })
  })

  test('are not judged where nobody trusts their signer', async () => {
    const told = await judgeRuns([path.join(reports, 'run-a')], { key: [] }, pagesDir)
    assert.deepEqual(
      told.map(one => [one.verdict, 'why' in one && /no trusted key signed it/.test(one.why)]),
      [['not judged', true]],
    )
  })

  test('are stale as soon as a page is touched, and fresh again with the page as it was', async () => {
    const page = path.join(pagesDir, 'production-runbooks.md')
    appendFileSync(page, 'One word more.\n')
    const [told] = await judgeRuns([path.join(reports, 'run-a')], { key, binary }, pagesDir)
    assert.deepEqual('changed' in told! ? told.changed : told, ['page production-runbooks is another one'])
    writeFileSync(page, '# Night\n')
    assert.equal((await verdicts([path.join(reports, 'run-a')]))['run-a'], 'fresh')
  })

  test('are stale with another binary, and say where none was compared', async () => {
    const other = path.join(root, 'daemon-2')
    writeFileSync(other, 'daemon 2')
    const run = [path.join(reports, 'run-a')]
    assert.equal((await verdicts(run, { binary: other }))['run-a'], 'stale')
    const [told] = await judgeRuns(run, { key }, pagesDir)
    assert.match('notes' in told! ? told.notes.join() : '', /the binary was not compared: --binary PATH/)
  })

  test('are stale with another runbook', async () => {
    await sealed('run-b', run => ({ ...run, runbook: { ...run.runbook, sha256: 'f'.repeat(64) } }))
    assert.equal((await verdicts([path.join(reports, 'run-b')]))['run-b'], 'stale')
    rmSync(path.join(reports, 'run-b'), { recursive: true })
  })

  test('have to be somewhere', async () => {
    await assert.rejects(judgeRuns([path.join(root, 'gone')], { key }), {
      code: 'USAGE',
      message: /gone is no directory/,
    })
    await assert.rejects(judgeRuns([reports], { key, binary: path.join(root, 'gone') }), { code: 'FILE_UNREADABLE' })
    assert.deepEqual(await judgeRuns([path.join(reports, 'schema')], { key }), [])
  })
})
