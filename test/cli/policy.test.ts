import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Site, WAYS } from './launch.ts'

const site = new Site()

function put(name: string, ...rules: readonly object[]) {
  const text = JSON.stringify({ schema: 'runproof-policy-1', rules })
  const file = path.join(site.root, name)
  writeFileSync(file, text, { mode: 0o600 })
  return { file, sha256: createHash('sha256').update(text).digest('hex') }
}

describe('a policy file', () => {
  test('denies a step of a backup of the stand-in: exit 4, its rule in sealed evidence, and no later step has run', async () => {
    const rule = { id: 'no-marker', verdict: 'deny', argv: ['kheish-daemon', 'sessions', 'create'], effects: ['write'] }
    const { file, sha256 } = put('deny.json', { ...rule, steps: ['marker'], reason: 'not on this machine' })
    const { status, stdout } = await site.run(['run', 'backup', '--counterproofs', 'observation', '--policy', file])
    assert.equal(status, 4, stdout)
    assert.match(stdout, /policy\.no-marker: not on this machine/)

    const { outcome, facts, steps } = site.evidence()
    assert.deepEqual([outcome, facts['policy.sha256']], ['denied', sha256])
    assert.deepEqual(
      steps.map((step: { id: string; outcome: string }) => `${step.id} ${step.outcome}`),
      [
        ...['seed passed', 'inventory passed', 'marker denied'],
        ...['stop skipped', 'archive skipped', 'digests skipped', 'restart skipped'],
      ],
    )
    assert.deepEqual(steps[2].decision, { verdict: 'deny', rule: 'policy.no-marker', how: 'not on this machine' })
    assert.deepEqual(
      steps.slice(2).flatMap((step: { commands: unknown[]; checks: unknown[] }) => [...step.commands, ...step.checks]),
      [],
    )

    const [name] = site.sealed()
    const journal = readFileSync(path.join(site.reports, name!, 'journal.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    const denied = journal.map(line => JSON.parse(line)).filter(({ type }) => type === 'step-denied')
    assert.deepEqual(
      denied.map(({ data }) => data.decision.rule),
      ['policy.no-marker'],
    )
    const { status: verified } = await site.run(['evidence', 'verify', path.join(site.reports, name!)])
    assert.equal(verified, 0)
    site.clear()
  })

  test('that a configuration names asks on the stand-in, and only its word lets the step go', async () => {
    put('own.json', { id: 'slowly', verdict: 'ask', confirm: 'sesame', reason: 'look first' })
    writeFileSync(path.join(site.root, 'runproof.config.json'), '{"policy": "own.json"}', { mode: 0o600 })
    for (const [words, expected] of [
      [['--yes', 'stand-in'], 4],
      [['--confirm', 'sesame'], 0],
    ] as const) {
      const { status, stderr } = await site.run(['run', WAYS, ...words])
      assert.equal(status, expected, stderr)
      assert.equal(site.evidence().steps[0].decision.rule, 'policy.slowly')
      site.clear()
    }
    const { stdout } = await site.run(['plan', WAYS, '--json'])
    const { policy, rule, confirm } = JSON.parse(stdout).steps[0]
    assert.deepEqual([policy, rule, confirm], ['ask', 'policy.slowly', 'sesame'])
    writeFileSync(path.join(site.root, 'runproof.config.json'), '{}')
  })

  test('with a mistake in it keeps everything from running, and says where', async () => {
    const { file } = put('bad.json', { id: 'slowly', verdict: 'aks', reason: 'x' })
    for (const words of [
      ['run', WAYS],
      ['smoke', 'slo-probe'],
      ['plan', 'backup'],
    ]) {
      const { status, stdout, stderr } = await site.run([...words, '--policy', file])
      assert.deepEqual([status, stdout, site.sealed()], [3, '', []])
      assert.match(
        stderr,
        /bad\.json:1: slowly: verdict: it is none of allow, ask, deny\n {2}hint: \S*runproof policy check /,
      )
    }
  })
})
