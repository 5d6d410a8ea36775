import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import backup from '../../runbooks/backup.ts'
import { plan } from '../engine/plan.ts'
import { RunproofError } from '../model/error.ts'
import type { Params } from '../model/runbook.ts'
import kheish from '../targets/kheish.ts'
import standIn from '../targets/stand-in.ts'

const still = { 'state-dir': '/s', 'routes-file': '/r', out: '/o' }
const running = {
  binary: '/b',
  'state-root': '/s',
  'base-url': 'http://127.0.0.1:4000',
  'admin-token-file': '/a',
  'routes-file': '/r',
  'master-key-file': '/m',
  'stop-command': 'systemctl stop kheish',
  'start-command': '["systemctl","start","kheish"]',
  out: '/o',
}

const without = (params: Params, name: string) => ({ ...params, [name]: undefined })
const given = (params: Params) => Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined))
const stepsOf = (params: Params, target = kheish) => plan(backup, target, given(params)).steps.map(step => step.id)

describe('parameters of a backup', () => {
  test('each way plans its own steps, and nothing is touched by planning', () => {
    const seeded = ['seed', 'inventory', 'marker', 'stop', 'archive', 'digests', 'restart']
    assert.deepEqual(stepsOf({}, standIn), seeded)
    assert.deepEqual(stepsOf(still), ['source', 'inventory', 'facts', 'archive', 'digests'])
    const commands = ['source', 'inventory', 'preflight', 'marker', 'stop', 'archive', 'digests', 'restart']
    assert.deepEqual(stepsOf(running), commands)
    assert.deepEqual(stepsOf({ ...running, marker: 'no' })[3], 'facts')
  })

  test('stopping a source of somebody is destroying, shows both commands, and is undone by the start command', () => {
    const stop = plan(backup, kheish, running).steps.find(step => step.id === 'stop')!
    assert.equal(stop.effect, 'destroy')
    assert.deepEqual('commands' in stop.run && stop.run.commands, ['systemctl stop kheish'])
    assert.match('undo' in stop ? stop.undo.describe : '', /systemctl start kheish$/)
  })

  test('without a workspace its archive is no step of anything, and that is listed', () => {
    const planned = plan(backup, kheish, still)
    const ids = planned.steps.flatMap(step => step.verify.map(check => check.id))
    assert.deepEqual([ids.includes('state-archive'), ids.includes('workspace-archive')], [true, false])
    assert.match(planned.limits.join('\n'), /no workspace was given/)
  })

  const refusals: readonly (readonly [string, Params, RegExp, RegExp])[] = [
    [
      'neither way',
      { out: '/o' },
      /nothing says how the source is held still/,
      /state-dir=DIR .* stop-command=ARGV start-command=ARGV/,
    ],
    [
      'both ways',
      { ...still, ...running },
      /state-dir=\/s says that the source is held still .*stop-command/,
      /give one of them/,
    ],
    ['a stop without a start', without(running, 'start-command'), /stop-command= without start-command=/, /systemctl/],
    ['a start without a stop', without(running, 'stop-command'), /start-command= without stop-command=/, /systemctl/],
    [
      'a running source without its key',
      without(running, 'master-key-file'),
      /needs master-key-file$/,
      /--param master-key-file=/,
    ],
    [
      'a running source that nobody stops',
      { 'state-root': '/s', out: '/o' },
      /state-root name a running source/,
      /stop-command/,
    ],
    ['no place for the set', without(still, 'out'), /nothing says where the backup of kheish goes/, /out=/],
    ['a marker on a snapshot', { ...still, marker: 'yes' }, /marker=yes: nothing is written/, /leave marker= out/],
    [
      'a sentinel without a workspace',
      { ...still, sentinel: 'x' },
      /sentinel=x names a file of the workspace/,
      /workspace-dir/,
    ],
    ['an identity without a recipient', { ...still, 'identity-file': '/i' }, /identity-file= opens/, /recipient=/],
    [
      'a seed of a real source',
      { ...still, 'seed-runs': '3' },
      /seed-runs=3: this source of kheish is yours/,
      /leave seed-runs= out/,
    ],
    [
      'the wrong workspace parameter',
      { ...running, 'workspace-dir': '/w' },
      /workspace-dir=\/w belongs to state-dir=/,
      /workspace-root/,
    ],
    ['a relative path', { ...still, out: 'o' }, /out=o: expected an absolute path/, /for example/],
    [
      'a sentinel outside',
      { ...still, 'workspace-dir': '/w', sentinel: '../x' },
      /sentinel=\.\.\/x: expected a path inside/,
      /for example/,
    ],
    [
      'a sentinel that no drill would take back',
      { ...still, 'workspace-dir': '/w', sentinel: './x' },
      /sentinel=\.\/x: expected a path inside/,
      /for example/,
    ],
    [
      'a compression that is none',
      { ...still, compression: 'xz' },
      /compression=xz: expected one of zstd, gzip, none/,
      /./,
    ],
    ['an inherited word as compression', { ...still, compression: 'toString' }, /compression=toString/, /./],
    [
      'a recipient that is none',
      { ...still, recipient: 'age1x,ssh-rsa' },
      /recipient=age1x,ssh-rsa: expected age1/,
      /./,
    ],
    [
      'a command that needs a shell',
      { ...running, 'stop-command': 'a && b' },
      /stop-command=a && b: no shell reads it/,
      /systemctl/,
    ],
    [
      'a command that is empty',
      { ...running, 'stop-command': '[]' },
      /stop-command=\[\]: expected a JSON list/,
      /systemctl/,
    ],
    ['a base URL with a path', { ...running, 'base-url': 'http://h/x' }, /base-url=http:\/\/h\/x: expected/, /4000/],
    ['a parameter nobody knows', { ...still, 'state-dri': '/x' }, /no parameter state-dri/, /state-dir/],
  ]
  for (const [title, params, message, hint] of refusals) {
    test(`refuses ${title}, and says what to do`, () => {
      assert.throws(
        () => plan(backup, kheish, given(params)),
        (thrown: unknown) => {
          assert.ok(thrown instanceof RunproofError, String(thrown))
          assert.ok(['PARAM_INVALID', 'UNKNOWN_PARAM'].includes(thrown.code), thrown.code)
          assert.match(thrown.message, message)
          assert.match(thrown.hint ?? '', hint)
          return true
        },
      )
    })
  }

  test('the stand-in refuses to be told of a source that it does not have', () => {
    assert.throws(() => plan(backup, standIn, { 'state-root': '/s' }), /state-root describe a source of yours/)
  })
})
