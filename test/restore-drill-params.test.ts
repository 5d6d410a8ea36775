import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import restoreDrill from '../runbooks/restore-drill.ts'
import { plan } from '../src/engine/plan.ts'
import { RunproofError } from '../src/model/error.ts'
import type { Params } from '../src/model/runbook.ts'
import kheish from '../src/targets/kheish.ts'
import standIn from '../src/targets/stand-in.ts'
import { RunningDrill } from './run-drill.ts'

const KEYS = { 'master-key-file': '/k', 'routes-file': '/r' }
const ARCHIVE = { ...KEYS, 'state-archive': '/a.tar' }

describe('a parameter of the restore drill that cannot be meant is refused before anything is written:', () => {
  const root = mkdtempSync(join(tmpdir(), 'drill-params-'))
  after(() => rmSync(root, { recursive: true }))

  const alone: readonly (readonly [string, Params, RegExp, RegExp])[] = [
    ['an unknown one', { 'state-archiv': '/a' }, /no parameter state-archiv/, /did you mean state-archive=/],
    ['an empty one', { ...ARCHIVE, 'sha256-file': '' }, /sha256-file=: it is empty/, /sha256-file=/],
    ['a budget that is no duration', { rto: 'soon' }, /rto=soon: no duration/, /./],
    ['the other budget', { rpo: '5' }, /rpo=5: no duration/, /./],
    ['a waiting time that is no duration', { ...ARCHIVE, 'ready-timeout': '-1s' }, /ready-timeout=-1s/, /./],
    ['a fetching time that is no duration', { ...ARCHIVE, 'fetch-timeout': '1 h' }, /fetch-timeout=1 h/, /./],
    ['keep with another word', { keep: 'maybe' }, /keep=maybe: expected yes or no/, /./],
    [
      'a fetch command that is a shell line',
      { ...KEYS, 'fetch-command': 'cat x | y' },
      /fetch-command=cat x \| y: expected a JSON list/,
      /\["cat"/,
    ],
    [
      'a decrypt command without a word',
      { ...ARCHIVE, 'decrypt-command': '[]' },
      /decrypt-command=\[\]: expected a JSON list/,
      /./,
    ],
    ['egress without a reason', { ...ARCHIVE, 'allow-egress': ' ' }, /a reason is needed/, /./],
    ['an amount that is none', { 'seed-runs': 'many' }, /seed-runs=many: expected a whole number/, /./],
  ]
  const together: readonly (readonly [string, Params, RegExp, RegExp])[] = [
    ['two origins', { ...ARCHIVE, 'backup-set': '/b' }, /backup-set and state-archive both say/, /give one/],
    [
      'a fetch command and a snapshot',
      { ...KEYS, 'fetch-command': '["a"]', 'state-dir': '/s' },
      /fetch-command and state-dir both say/,
      /give one/,
    ],
    [
      'a workspace, and no state',
      { 'workspace-archive': '/w.tar' },
      /workspace-archive means nothing/,
      /state-archive=PATH/,
    ],
    ['facts, and nothing to hold against them', { facts: '/f.json' }, /facts means nothing/, /says what to restore/],
    [
      'a place to keep what the run makes itself',
      { keep: 'yes', 'restore-dir': '/d' },
      /restore-dir means nothing for a drill that makes its own backup/,
      /says what to restore/,
    ],
    [
      'digests of a snapshot',
      { ...KEYS, 'state-dir': '/s', 'sha256-file': '/d' },
      /sha256-file means nothing for restoring from a mounted snapshot/,
      /leave sha256-file out/,
    ],
    [
      'an archive beside a snapshot',
      { ...KEYS, 'state-dir': '/s', 'workspace-archive': '/w.tar' },
      /workspace-archive means nothing/,
      /./,
    ],
    ['a snapshot beside an archive', { ...ARCHIVE, 'workspace-dir': '/w' }, /workspace-dir means nothing/, /./],
    [
      'two ways to decrypt',
      { ...ARCHIVE, 'decrypt-command': '["a"]', 'identity-file': '/i' },
      /both say how to decrypt/,
      /give one/,
    ],
    [
      'two archives on one standard input',
      { ...KEYS, 'state-archive': '-', 'workspace-archive': '-' },
      /both read standard input/,
      /./,
    ],
    ['keeping without a place', { ...ARCHIVE, keep: 'yes' }, /keep=yes needs a place/, /restore-dir=/],
    ['a manifest of no workspace', { ...ARCHIVE, 'workspace-manifest': '/m' }, /no workspace/, /workspace-archive=/],
    ['a key for no facts', { ...ARCHIVE, 'facts-key': '/k' }, /no facts/, /facts=/],
    [
      'an archive without key and routes',
      { 'state-archive': '/a.tar' },
      /needs master-key-file, routes-file/,
      /master-key-file=/,
    ],
  ]
  for (const [title, params, message, hint] of [...alone, ...together])
    test(title, () => assertRefused(() => plan(restoreDrill, standIn, params), message, hint))

  test('a real target with nothing to restore', () =>
    assertRefused(() => plan(restoreDrill, kheish, {}), /nothing says what to restore/, /backup-set=DIR/))
  test('a real target without its binary', () =>
    assertRefused(() => plan(restoreDrill, kheish, ARCHIVE), /needs binary/, /binary=/))

  test('the launcher says so with exit 2, names value and next step, and leaves nothing', async () => {
    const drill = new RunningDrill({ root, params: { ...ARCHIVE, keep: 'yes' } })
    const ended = await drill.ended
    assert.deepEqual([ended.status, ended.stdout], [2, ''])
    assert.match(
      ended.stderr,
      /^runproof: keep=yes needs a place that outlives the run\n {2}hint: --param restore-dir=/,
    )
    assert.deepEqual([ended.reports, readdirSync(join(drill.workDir, '..'))], [[], []])
  })

  test('every parameter is explained, and those with a form give an example of it that is accepted', () => {
    for (const [name, { describe: about, example, default: usual, refuse }] of Object.entries(restoreDrill.params)) {
      assert.notEqual(about, '', name)
      for (const value of [example, usual]) if (value !== undefined) assert.equal(refuse?.(value), undefined, name)
    }
  })
})

function assertRefused(act: () => unknown, message: RegExp, hint: RegExp): void {
  assert.throws(act, error => {
    assert.ok(error instanceof RunproofError, String(error))
    assert.ok(['PARAM_INVALID', 'UNKNOWN_PARAM'].includes(error.code), error.code)
    assert.match(error.message, message)
    assert.match(error.hint ?? '', hint)
    return true
  })
}
