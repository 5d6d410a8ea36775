import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JournalRecord } from '../evidence/schema.ts'
import { capture, keptCapture } from '../model/capture.ts'
import type { Step } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { type Been, followJournal, isOver, keepable } from './broken-run.ts'
import { goingOn } from './go-on.ts'

const kept = keptCapture('kept', 'a value')
const lost = capture('lost', 'a handle')
const step = (given: object): Step => ({ id: 'a', effect: 'write', resume: 'repeatable', run: {}, ...given }) as Step
const ended: Been = { state: 'ended', record: { outcome: 'passed' } as never, in: 'run-1' }
const begun: Been = { state: 'begun' }

describe('after a break a step', () => {
  const cases: readonly [string, Step, Been | undefined, boolean, string][] = [
    ['that never began is run', step({ resume: 'once' }), undefined, false, 'run'],
    ['that may be repeated is run again', step({}), begun, false, 'run'],
    [
      'that is checked first is looked at',
      step({ resume: 'check-first', tookEffect: async () => true }),
      begun,
      false,
      'look-first',
    ],
    ['that is to be checked and can’t is asked about', step({ resume: 'check-first' }), begun, false, 'ask'],
    ['that must not be repeated is asked about', step({ resume: 'once' }), begun, false, 'ask'],
    [
      'that a person does is asked of the person again',
      step({ resume: 'once', run: { instruction: 'x' } }),
      begun,
      false,
      'run',
    ],
    [
      'that nobody was there to do is asked of a person again',
      step({ resume: 'once', run: { instruction: 'x' } }),
      { state: 'ended', record: { outcome: 'skipped' } as never, in: 'run-1' },
      false,
      'run',
    ],
    ['that reads is run again', step({ effect: 'read' }), begun, false, 'run'],
    ['that ended is carried over', step({ resume: 'once' }), ended, true, 'carry'],
    ['that ended with what is kept is carried over', step({ yields: [kept] }), ended, true, 'carry'],
    [
      'that ended, and can set again what it yields, is carried over',
      step({ yields: [kept, lost], reestablish: async () => {} }),
      ended,
      false,
      'carry',
    ],
    ['that ended with what is lost is repeated where it may be', step({ yields: [lost] }), ended, false, 'run'],
    [
      'that ended with what is lost is asked about where it must not',
      step({ yields: [lost], resume: 'once' }),
      ended,
      false,
      'ask',
    ],
    ['that only looked is carried over', step({ effect: 'read' }), ended, false, 'carry'],
    ['that only looked, before something is done again, looks again', step({ effect: 'read' }), ended, true, 'run'],
    [
      'that only looked, before something that was done again since, looks again',
      step({ effect: 'read' }),
      { ...ended, overtaken: true },
      false,
      'run',
    ],
    [
      'that yielded a secret has not kept it, and is asked about where it must not be repeated',
      step({ yields: [kept], resume: 'once' }),
      { ...ended, withheld: true },
      false,
      'ask',
    ],
    ['that read what is lost reads it again', step({ effect: 'read', yields: [lost] }), ended, false, 'run'],
    ['that measured what is kept never measures again', step({ effect: 'read', yields: [kept] }), ended, true, 'carry'],
  ]
  for (const [title, one, been, acted, how] of cases)
    test(title, () => assert.equal(goingOn(one, been, acted).how, how))
})

/** A journal of these events; the chain is not looked at here. */
function followed(...events: readonly [string, JournalRecord['data']][]) {
  const all = [['run-started', { runId: 'run', runbook: 'b', target: 't', steps: ['a'] }] as const, ...events]
  return followJournal(
    all.map(([type, data], seq) => ({
      seq,
      at: `2026-01-31T02:10:0${seq}.000Z`,
      monotonicMs: seq,
      type,
      data,
      prev: '',
    })),
  )
}
const start: [string, JournalRecord['data']] = ['step-started', { step: 'a' }]
const end = (outcome: string): [string, JournalRecord['data']] => [
  'step-ended',
  { step: 'a', outcome, record: { id: 'a', outcome, commands: [] } },
]
const set: [string, JournalRecord['data']] = ['captured', { step: 'a', capture: 'kept', value: { level: 1 } }]

describe('a journal says of a step', () => {
  const cases: readonly [string, readonly [string, JournalRecord['data']][], Been['state'] | undefined][] = [
    ['nothing, where it was not reached', [end('skipped')], undefined],
    ['nothing, where it was denied', [['step-denied', { step: 'a' }], end('denied')], undefined],
    ['that it had begun', [start, set], 'begun'],
    ['that it had begun, where it failed', [start, end('failed')], 'begun'],
    ['that it had begun, where it was interrupted', [start, end('interrupted')], 'begun'],
    ['that it had ended', [start, end('passed')], 'ended'],
    ['that it had ended, where it was unproven', [start, end('unproven')], 'ended'],
    [
      'that it had ended, also when it is named once more as carried over',
      [start, end('passed'), ['step-ended', { step: 'a', outcome: 'passed' }]],
      'ended',
    ],
    ['that it is half undone', [start, end('passed'), ['undo-started', { step: 'a', describe: 'x' }]], 'begun'],
    [
      'nothing any more, where it was undone',
      [
        start,
        end('passed'),
        ['undo-started', { step: 'a', describe: 'x' }],
        ['released', { step: 'a', what: 'a: x', kind: 'undo', outcome: 'done' }],
      ],
      undefined,
    ],
    [
      'that it is half undone, where that failed',
      [
        start,
        end('passed'),
        ['undo-started', { step: 'a', describe: 'x' }],
        ['released', { step: 'a', what: 'a: x', kind: 'undo', outcome: 'errored' }],
      ],
      'begun',
    ],
    [
      'that it had ended, where its undo was only offered',
      [start, end('passed'), ['released', { what: 'a: x', kind: 'undo', outcome: 'offered' }]],
      'ended',
    ],
  ]
  for (const [title, events, state] of cases)
    test(title, () => assert.equal(followed(...events).been.get('a')?.state, state))

  test('what it had set, until it is undone', () => {
    assert.deepEqual(followed(start, set).values.get('kept'), { level: 1 })
    const undone: [string, JournalRecord['data']] = [
      'released',
      { step: 'a', what: 'x', kind: 'undo', outcome: 'done' },
    ]
    assert.equal(followed(start, set, end('passed'), undone).values.has('kept'), false)
  })

  test('nothing of a value with a secret in it, until another is set', () => {
    const withheld: [string, JournalRecord['data']] = ['captured', { step: 'a', capture: 'kept', withheld: 'a secret' }]
    const run = followed(start, set, withheld, end('passed'))
    assert.equal(run.values.has('kept'), false)
    assert.deepEqual(goingOn(step({ yields: [kept] }), run.been.get('a'), false), { how: 'run' })
    const again = followed(start, withheld, end('passed'), start, set, end('passed'))
    assert.equal(goingOn(step({ yields: [kept] }), again.been.get('a'), false).how, 'carry')
  })

  test('of breaks who went on', () => {
    const run = followed(
      ['run-broken', { runId: 'run', kind: 'died', lastRecordAt: '2026-01-31T02:10:00.000Z' }],
      ['run-resumed', { runId: 'run-2', by: 'jo', host: 'h' }],
    )
    assert.deepEqual([run.runId, run.firstRunId, run.epoch], ['run-2', 'run', 2])
    assert.deepEqual(run.breaks, [
      {
        at: '2026-01-31T02:10:00.000Z',
        runId: 'run',
        kind: 'died',
        resumedAt: '2026-01-31T02:10:02.000Z',
        resumedBy: 'jo on h',
      },
    ])
  })

  test('nothing that could be gone on with, where it lacks what it must say', () => {
    assert.throws(() => followed(['step-started', {}]), { code: 'JOURNAL_BROKEN', message: /record 1 .* has no step/ })
    assert.throws(() => followed(['run-resumed', { runId: 'x', by: 'x', host: 'x' }]), { code: 'JOURNAL_BROKEN' })
  })
})

test('a run that ended by itself is over, one whose seal is missing is not', () => {
  const over = (['failed', 'errored', 'denied'] as const).map(isOver)
  const goesOn = ([undefined, 'interrupted', 'passed', 'attested', 'skipped', 'unproven'] as const).map(isOver)
  assert.deepEqual([new Set(over), new Set(goesOn)], [new Set([true]), new Set([false])])
})

test('what a journal would give back as something else is not kept', () => {
  const values = [
    new Secret('x', 'a-value-of-some-length'),
    new Map(),
    Number.NaN,
    () => {},
    [new Date()],
    { deep: { at: 1n } },
  ]
  for (const value of values) assert.throws(() => keepable('kept', value), { code: 'INTERNAL', message: /<kept>/ })
  assert.deepEqual(keepable('kept', { a: [1, 'x', null], b: undefined }), { a: [1, 'x', null], b: undefined })
})
