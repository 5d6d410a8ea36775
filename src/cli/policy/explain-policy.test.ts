import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import type { ExplainPolicyFlags } from '../commands/policy.ts'
import { policiesResult } from './check-policies.ts'
import { explainedText } from './explain-policy.ts'

const root = mkdtempSync(path.join(tmpdir(), 'runproof-explain-'))
after(() => rmSync(root, { recursive: true, force: true }))

const RULES = [
  {
    id: 'no-weekend',
    verdict: 'deny',
    effects: ['write', 'destroy'],
    window: { zone: 'Europe/Berlin', days: ['sat', 'sun'], from: '00:00', to: '24:00' },
    reason: 'nobody is there on weekends',
  },
  { id: 'secrets', verdict: 'ask', steps: ['marker'], confirm: 'sesame', reason: 'two people change credentials' },
  { id: 'look', verdict: 'ask', argv: ['kheish-daemon', 'sessions', 'list'], reason: 'it is \u001b[31mred' },
  { id: 'git', verdict: 'allow', targets: ['stand-in'], argv: ['git'], reason: 'it is kept elsewhere' },
]

/** One rule a line, the first on line 2. */
function put(name: string, rules: readonly object[]): string {
  const text = `{"schema": "runproof-policy-1", "rules": [\n${rules.map(one => JSON.stringify(one)).join(',\n')}]}`
  writeFileSync(path.join(root, name), text)
  return name
}

const policy = put('policy.json', RULES)
const explained = (given: Partial<ExplainPolicyFlags> = {}) =>
  explainedText('backup', { policy, target: 'stand-in', param: [], at: '2026-11-18T12:00:00Z', ...given }, root)

describe('an explained runbook', () => {
  test('says of each step what decides, what is asked, and why other rules do not', async () => {
    const text = await explained()
    assert.match(text, /^backup on stand-in, 2026-11-18T12:00:00\.000Z, 4 rules beside the default/)
    const marker = /\n3\. marker: [\s\S]*?\n\n/.exec(text)![0]
    for (const part of [
      /^ {3}\$ kheish-daemon sessions list$/m,
      /^ {3}ask \(write\), by policy\.secrets: two people change credentials$/m,
      /^ {3}because the step is marker$/m,
      /^ {3}asks for the word sesame; without a terminal: --confirm sesame$/m,
      /^ {5}- policy\.no-weekend \(deny\): Europe\/Berlin has wed 13:00, outside of sat,\n {5}sun 00:00 to 24:00$/m,
      /^ {5}- policy\.look \(ask\): not the gravest; it matches: it begins with$/m,
      /^ {5}- policy\.git \(allow\): its word 1 is kheish-daemon, not git:/m,
    ])
      assert.match(marker, part)
    assert.match(text, /\n7 steps\. Nothing was run\.\n$/)
  })

  test('fits 80 columns, and lets no rule act on the terminal', async () => {
    const lines = (await explained()).split('\n')
    assert.deepEqual(
      lines.filter(line => line.length > 80),
      [],
    )
    assert.equal(lines.join('').includes('\u001b'), false)
  })

  test('is of the instant that was given', async () => {
    assert.match(
      await explained({ at: '2026-11-21T12:00:00Z' }),
      /deny \(write\), by policy\.no-weekend: nobody is there/,
    )
    await assert.rejects(explained({ at: '2026-11-21T12:00:00' }), /--at 2026-11-21T12:00:00: expected an instant/)
  })

  test('is of the target and the parameters that were given', async () => {
    const param = ['binary=/bin/x', 'state-dir=/mnt/state', 'out=/backup']
    assert.match(
      await explained({ target: 'kheish', param, policy: put('other.json', RULES.slice(0, 2)) }),
      /^backup on kheish[\s\S]*\n4\. archive: .*\n {3}ask \(write\), by default\.write\n {3}asks for yes; without a terminal: --yes kheish\n/,
    )
  })

  test('is JSON for programs', async () => {
    const { rules, facts, steps } = JSON.parse(await explained({ json: true }))
    const { verdict, rule, confirm, asks, others } = steps[2]
    assert.deepEqual([rules, Object.keys(facts)], [4, ['policy.sha256']])
    assert.deepEqual([verdict, rule, confirm, asks.flag], ['ask', 'policy.secrets', 'sesame', '--confirm sesame'])
    assert.deepEqual(
      others.map((one: { rule: string; matches: boolean }) => [one.rule, one.matches]),
      [
        ['policy.no-weekend', false],
        ['policy.look', true],
        ['policy.git', false],
      ],
    )
  })

  test('is decided by the default policy where there is no other', async () => {
    assert.match(
      await explained({ policy: undefined as never }),
      /0 rules beside[\s\S]*allow \(write\), by default\.stand-in/,
    )
  })
})

describe('checked policies', () => {
  test('are told as good with their number of rules', async () => {
    assert.deepEqual(await policiesResult([policy], false, root), {
      text: 'policy.json: 4 rules, nothing found\n',
      exitCode: 0,
    })
  })

  test('are all told with file and line, by names of this installation', async () => {
    const bad = put('bad.json', [
      { id: 'x', verdict: 'deny', runbooks: ['backpu'], targets: ['kheihs'], reason: 'x' },
      { id: 'y', verdict: 'deny', runbooks: ['restore-drill'], steps: ['unpakc'], reason: 'x' },
      {
        id: 'z',
        verdict: 'ask',
        argv: ['a'],
        window: { zone: 'Europe/Belrin', days: ['sun'], from: '01:00', to: '02:00' },
        reason: 'x',
      },
    ])
    const { text, exitCode } = await policiesResult([policy, bad], false, root)
    assert.equal(exitCode, 1)
    assert.deepEqual(text.split('\n').slice(0, 12), [
      'policy.json: 4 rules, nothing found',
      'bad.json:2: unknown-name',
      '  x: targets[0]: there is no target kheihs; did you mean kheish?',
      'bad.json:2: unknown-name',
      '  x: runbooks[0]: there is no runbook or smoke suite backpu; did you mean',
      '  backup?',
      'bad.json:3: unknown-name',
      '  y: steps[0]: there is no step in restore-drill called unpakc; did you mean',
      '  unpack?',
      'bad.json:4: unknown-name',
      '  z: window.zone: there is no zone Europe/Belrin; did you mean Europe/Berlin?',
      'bad.json: 4 problems',
    ])
  })

  test('are JSON for programs', async () => {
    const { files, exitCode } = JSON.parse((await policiesResult([put('empty.json', [])], true, root)).text)
    assert.equal(exitCode, 1)
    assert.deepEqual(
      [files[0].file, files[0].problems],
      [
        'empty.json',
        [{ kind: 'empty', line: 1, member: 'rules', message: 'there are no rules: it would decide nothing' }],
      ],
    )
  })

  test('that cannot be read are a usage error', async () => {
    await assert.rejects(policiesResult(['nowhere.json'], false, root), { code: 'USAGE' })
  })
})
