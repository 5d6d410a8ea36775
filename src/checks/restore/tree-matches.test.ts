import assert from 'node:assert/strict'
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { archives } from '../../adapters/archive/archives.ts'
import { files } from '../../adapters/files.ts'
import { type Incoming, incoming, type Restored, restored } from '../../drill/subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { memoryTools } from '../../testing/memory-tools.ts'
import { treeMatches } from './tree-matches.ts'

describe('the restored tree', () => {
  const { probe, judge } = treeMatches('state')

  test('has another owner where root restored it, also when the root of the tree is not root’s', async t => {
    const { state, restoredWith } = await place(t)
    if (process.getuid?.() !== 0) return t.skip('only root can give files away')
    for (const path of [state, join(state, 'file')]) chownSync(path, 1234, 4321)
    const context = restoredWith(await archives.describeTree(state), true)
    assert.equal(judge(await probe(context)).outcome, 'passed')
    chownSync(join(state, 'file'), 1234, 1)
    const judgement = judge(await probe(context))
    assert.deepEqual(judgement.outcome === 'failed' && judgement.reason, 'changed file (gid)')
    return undefined
  })

  test('may have another owner where nobody could set it, and still no other mode', async t => {
    const { state, restoredWith } = await place(t)
    const { entries, ...rest } = await archives.describeTree(state)
    const others = { ...rest, entries: entries.map(entry => ({ ...entry, uid: entry.uid + 1, gid: entry.gid + 1 })) }
    assert.equal(judge(await probe(restoredWith(others, false))).outcome, 'passed')
    const wider = others.entries.map(entry => ({ ...entry, mode: '0777' }))
    assert.equal(judge(await probe(restoredWith({ ...others, entries: wider }, false))).outcome, 'failed')
  })
})

function place(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'runproof-tree-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const state = join(root, 'state')
  mkdirSync(state)
  writeFileSync(join(state, 'file'), 'x')
  const restoredWith = (manifest: Restored['manifests']['state'], ownersKept: boolean): CheckContext => {
    const trees: Restored = {
      stateRoot: state,
      workspaceRoot: root,
      manifests: { state: manifest, workspace: undefined },
      readSha256: {},
      ownersKept,
    }
    const values = new CapturedValues()
      .with(restored, trees)
      .with(incoming, { state: { path: state } as Incoming, workspace: undefined })
    const tools = memoryTools({ archives, files })
    return { values, tools, signal: new AbortController().signal } as Partial<CheckContext> as CheckContext
  }
  return { state, restoredWith }
}
