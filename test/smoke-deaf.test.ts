import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import capture from '../smoke/capture.ts'
import live from '../smoke/live.ts'
import mcp from '../smoke/mcp.ts'
import sloProbe from '../smoke/slo-probe.ts'
import tlsProxy from '../smoke/tls-proxy.ts'
import { answering } from '../src/daemon/subjects.ts'
import standInTarget from '../src/targets/stand-in.ts'
import { evidenceOf } from './run-drill.ts'
import { runSuite } from './run-suite.ts'

describe('where a daemon listens and never answers', { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-deaf-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  for (const suite of [capture, live, mcp, sloProbe, tlsProxy]) {
    test(`the suite ${suite.id} only tears it down and searches what was written`, () => {
      const [first, ...later] = suite.steps({ params: {}, target: standInTarget })
      const yielded = (first.yields ?? []).filter(one => one.id !== answering.id).map(one => one.id)
      assert.ok(yielded.length > 0)
      const goOn = later.filter(step => step.afterFailure?.every(({ id }) => yielded.includes(id)) === true)
      assert.deepEqual(
        goOn.map(step => step.id),
        ['tear-down', 'search'],
      )
    })
  }

  test('a suite ends after its first step, in the time that a daemon is given to get ready', async () => {
    const binary = join(root, 'deaf')
    const real = standInTarget.bundledBinary
    writeFileSync(
      binary,
      `#!/bin/sh\ncase " $* " in *" serve "*) set -- "$@" --fault never-answers;; esac\nexec ${real} "$@"\n`,
    )
    chmodSync(binary, 0o755)
    const ended = await runSuite('slo-probe', { root, params: { own: 'yes', binary } })
    assert.equal(ended.status, 3, ended.stderr)
    const outcomes = evidenceOf(ended).steps.map(({ id, outcome }) => `${id} ${outcome}`)
    assert.deepEqual(outcomes.slice(0, 3), ['daemon errored', 'signals skipped', 'statements skipped'])
    assert.equal(outcomes.at(-1), 'search passed')
  })
})
