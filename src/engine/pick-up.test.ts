import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JournalRecord } from '../evidence/schema.ts'
import { keptCapture } from '../model/capture.ts'
import { defineCheck, failed, type Json, passed } from '../model/check.ts'
import { cmd } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { Tools } from '../model/ports.ts'
import type { Action, Runbook, Step, StepContext } from '../model/runbook.ts'
import type { RuleInUse } from '../policy/rule.ts'
import { type Entry, memoryCommands, memoryJournal, memoryTools } from '../testing/memory-tools.ts'
import { followJournal } from './broken-run.ts'
import type { Conductor } from './conductor.ts'
import type { Settled } from './pick-up.ts'
import type { ExecuteInput } from './run-input.ts'
import { run as runInMemory } from './testdata/small-run.ts'

const fine = (id: string, yes = true) =>
  defineCheck<boolean>({
    id,
    title: id,
    probe: async () => yes,
    judge: seen => (seen ? passed() : failed('no')),
    counterproofs: [{ id: 'not', breaks: 'it is not so', because: /no/, observation: () => false }],
  })

/** A step that writes down what it does, and is taken back. */
function undoable(log: string[], id: string, given: Partial<Step> = {}): Step {
  const does = (what: string) => ({ describe: what, execute: async () => void log.push(what) })
  const run = does(`does ${id}`)
  return {
    ...{ id, title: id, effect: 'write', resume: 'repeatable', timeoutMs: 1_000, run, undo: does(`undoes ${id}`) },
    verify: [fine(`${id}-fine`)],
    ...given,
  } as Step
}

type Events = readonly (readonly [string, JournalRecord['data']])[]
const RESUMED: Events = [
  ['run-broken', { runId: 'run', kind: 'died', lastRecordAt: '2026-01-31T02:10:00.000Z' }],
  ['run-resumed', { runId: 'run-2', by: 'jo', host: 'h' }],
]
const ended = (step: string, started: JournalRecord['data'] = {}): Events => [
  ['step-started', { step, ...started }],
  [
    'step-ended',
    {
      step,
      record: {
        id: step,
        title: step,
        effect: 'write',
        outcome: 'passed',
        commands: [],
        checks: [],
        durationMs: 1,
        counterproofsMs: 0,
      },
    },
  ],
]

interface Given {
  readonly before?: Events
  readonly settled?: Readonly<Record<string, Settled>>
  readonly full?: (entry: Entry) => boolean
  readonly purpose?: Runbook['purpose']
  readonly conductor?: Conductor
  readonly published?: ExecuteInput['published']
  readonly rules?: readonly RuleInUse[]
  readonly tools?: Tools
  /** Of the error that the journal gives once it is full. */
  readonly code?: 'DISK_FULL' | 'RUN_FENCED'
}

async function run(
  steps: readonly Step[],
  { before, settled = {}, full, purpose = 'rotation', conductor, published, code, ...given }: Given = {},
) {
  const journal = memoryJournal(full)
  const append = journal.append.bind(journal)
  if (code === 'RUN_FENCED')
    journal.append = (type, data) => {
      if (full?.({ type, data })) throw new RunproofError('RUN_FENCED', 'taken over')
      return append(type, data)
    }
  const events = [
    ['run-started', { runId: 'run', runbook: 'book', target: 'bare', steps: steps.map(({ id }) => id) }] as const,
    ...(before ?? []),
  ]
  const records = events.map(([type, data], seq) => ({
    seq,
    at: '2026-01-31T02:11:00.000Z',
    monotonicMs: 0,
    type,
    data,
    prev: '',
  }))
  const resuming = { from: followJournal(records), settled: new Map(Object.entries(settled)) }
  const result = await runInMemory(steps, {
    ...given,
    runbook: { purpose },
    width: 1,
    journal,
    ...(conductor === undefined ? {} : { conductor }),
    ...(published === undefined ? {} : { published }),
    ...(before === undefined ? {} : { resuming }),
  })
  return { ...result, journal }
}

describe('a run that was taken over by somebody else', () => {
  test('stops before its next act, and takes nothing back: what goes on builds on it', async () => {
    const log: string[] = []
    let fenced = false
    const full = (entry: Entry) => {
      fenced ||= entry.type === 'step-started' && entry.data['step'] === 'b'
      return fenced
    }
    const steps = ['a', 'b', 'c'].map(id => undoable(log, id))
    const result = await run(steps, { full, code: 'RUN_FENCED' })
    assert.deepEqual([log, result.outcomes], [['does a'], ['passed', 'errored', 'skipped']])
    assert.deepEqual(
      result.released.map(({ outcome }) => outcome),
      ['offered'],
    )
  })
})

describe('a run whose disk is full', () => {
  const startsB = ({ type, data }: Entry) => type === 'step-started' && data['step'] === 'b'

  test('takes nothing back without a record: it is left to a person, with the reason', async () => {
    const log: string[] = []
    const steps = ['a', 'b'].map(id => undoable(log, id))
    const result = await run(steps, { full: entry => startsB(entry) || entry.type === 'undo-started' })
    assert.deepEqual([log, result.outcomes], [['does a'], ['passed', 'errored']])
    assert.deepEqual(
      result.released.map(({ outcome, error }) => [outcome, error?.code]),
      [['offered', 'DISK_FULL']],
    )
    const told = result.watched.find(({ type }) => type === 'release')
    assert.match(
      JSON.stringify(told),
      /not undone since that could not be put on record \(no space for the journal\): a: /,
    )
  })

  test('takes its change back once there is room again', async () => {
    const log: string[] = []
    await run(
      ['a', 'b'].map(id => undoable(log, id)),
      { full: startsB },
    )
    assert.deepEqual(log, ['does a', 'undoes a'])
  })
})

describe('a run that goes on', () => {
  const before = [...ended('a'), ...RESUMED]

  test('on a full disk does nothing at all', async () => {
    const log: string[] = []
    const result = await run(
      ['a', 'b'].map(id => undoable(log, id)),
      { before, full: () => true },
    )
    assert.deepEqual([log, result.outcomes], [[], ['errored', 'skipped']])
    const later: string[] = []
    const full = ({ type }: Entry) => type !== 'carried-over'
    const second = await run(
      ['a', 'b'].map(id => undoable(later, id)),
      { before, full },
    )
    assert.deepEqual([later, second.outcomes], [[], ['passed', 'errored']])
    assert.deepEqual(
      second.released.map(({ outcome }) => outcome),
      ['offered'],
    )
  })

  test('takes back what another process did, once it has done something itself that went wrong', async () => {
    const log: string[] = []
    const steps = [undoable(log, 'a'), undoable(log, 'b', { verify: [fine('b-fine', false)] })]
    const result = await run(steps, { before })
    assert.deepEqual(log, ['does b', 'undoes b', 'undoes a'])
    assert.equal(result.steps[0]!.carriedFrom, 'run')
  })

  for (const [title, decision, verdict, outcome] of [
    ['asks for: under the approval of then', { rule: 'policy.loud', approvedBy: 'jo' }, 'ask', 'done'],
    ['asks for: not where nobody had approved it', { rule: 'default.stand-in' }, 'ask', 'errored'],
    ['had allowed, and nothing else', { rule: 'policy.loud' }, 'allow', 'errored'],
  ] as const) {
    test(`takes back what a rule ${title}`, async () => {
      const ran: string[] = []
      const commands = memoryCommands(async argv => ran.push(argv.join(' ')) - 1)
      const undo = {
        describe: 'calls it back',
        commands: ['curl <url>'],
        execute: async ({ runIn, tools }: StepContext) => void (await runIn(tools.commands, cmd`curl http://away`)),
      }
      const loud: RuleInUse = {
        ...{ id: 'loud', verdict, steps: ['a'], targets: ['bare'], reason: 'it is loud', mayLoosen: true },
        argv: verdict === 'ask' ? ['curl'] : ['wget'],
      }
      const result = await run(
        [undoable([], 'a', { undo } as Partial<Step>), undoable([], 'b', { verify: [fine('b-fine', false)] })],
        {
          before: [...ended('a', { decision: { verdict: 'allow', ...decision } }), ...RESUMED],
          rules: [loud],
          tools: memoryTools({ commands }),
        },
      )
      const [, a] = result.released
      assert.deepEqual([a!.what, a!.outcome], ['a: calls it back', outcome])
      assert.deepEqual(ran, outcome === 'done' ? ['curl http://away'] : [])
    })
  }

  test('does again what was undone, and looks again at what was looked at then', async () => {
    const log: string[] = []
    const looks = undoable(log, 'look', { effect: 'read' })
    const undone: Events = [['released', { step: 'a', what: 'a: x', kind: 'undo', outcome: 'done' }]]
    const events = [...ended('a'), ...ended('look'), ...undone, ...RESUMED]
    await run([undoable(log, 'a'), looks], { before: events })
    assert.deepEqual(log, ['does a', 'does look'])
    const carried: string[] = []
    await run([undoable(carried, 'a'), { ...looks, run: undoable(carried, 'look').run } as Step], {
      before: [...ended('a'), ...ended('look'), ...RESUMED],
    })
    assert.deepEqual(carried, [])
  })

  test('looks again at what was looked at before something was done again, also where a second break lies between', async () => {
    const log: string[] = []
    const undone: Events = [['released', { step: 'a', what: 'a: x', kind: 'undo', outcome: 'done' }]]
    const second: Events = [
      ['run-broken', { runId: 'run-2', kind: 'died', lastRecordAt: '2026-01-31T02:10:00.000Z' }],
      ['run-resumed', { runId: 'run-3', by: 'jo', host: 'h' }],
    ]
    const before = [...ended('a'), ...ended('look'), ...undone, ...RESUMED, ...ended('a'), ...second]
    await run([undoable(log, 'a'), undoable(log, 'look', { effect: 'read' })], { before })
    assert.deepEqual(log, ['does look'])
  })

  test('does not go on with a value in which a secret was masked, and its journal stays readable', async () => {
    const kept = keptCapture<string>('kept', 'a value')
    const withheld = async (value: string, published: ExecuteInput['published']) => {
      const execute: Action['execute'] = async context => context.set(kept, value)
      const step = undoable([], 'a', { yields: [kept], run: { describe: 'sets', execute } } as Partial<Step>)
      const { journal, outcomes } = await run([step], { published })
      assert.deepEqual(outcomes, ['passed'])
      return journal.entries.find(({ type }) => type === 'captured')!.data['withheld']
    }
    assert.equal(await withheld('with hidden words', () => 'with [secret x] words'), 'a secret stands in it')
    assert.match(String(await withheld('x'.repeat(5_000_000), value => value)), /it has 5000002 characters/)
    assert.equal(await withheld('plain', value => value), undefined)
  })

  test('does not do what a person left out, and takes none of it back; whoever conducts is asked once more', async () => {
    const record = {
      ...{ id: 'b', title: 'b', effect: 'write', outcome: 'skipped', commands: [], checks: [] },
      ...{ durationMs: 1, counterproofsMs: 0, skippedBy: { by: 'jo', at: '2026-01-31T02:10:00.000Z', reason: 'no' } },
    } as unknown as Json
    const events: Events = [...ended('a'), ['step-ended', { step: 'b', outcome: 'skipped', record }], ...RESUMED]
    const log: string[] = []
    const steps = [undoable(log, 'a'), undoable(log, 'b'), undoable(log, 'c', { verify: [fine('c-fine', false)] })]
    const result = await run(steps, { before: events })
    assert.deepEqual(log, ['does c', 'undoes c', 'undoes a'])
    assert.deepEqual([result.outcomes[1], result.steps[1]!.skippedBy?.by], ['skipped', 'jo'])
    const chosen: string[] = []
    const choose = async ({ step }: { readonly step: Step }) => {
      chosen.push(step.id)
      return { do: 'run' } as const
    }
    const conducted: string[] = []
    await run(
      ['a', 'b'].map(id => undoable(conducted, id)),
      { before: events, conductor: { choose, tell: () => {} } },
    )
    assert.deepEqual([chosen, conducted], [['b'], ['does b']])
  })

  test('does not do again what a person took back, and that it is taken back stays on record', async () => {
    const undone: Events = [
      ['undo-started', { step: 'a', by: 'jo', describe: 'x' }],
      ['undone', { step: 'a', by: 'jo', outcome: 'done' }],
    ]
    const log: string[] = []
    const result = await run([undoable(log, 'a'), undoable(log, 'b')], {
      before: [...ended('a'), ...undone, ...RESUMED],
    })
    assert.deepEqual(log, ['does b'])
    assert.deepEqual(result.outcomes, ['skipped', 'passed'])
    assert.equal(result.steps[0]!.undone?.by, 'jo')
    assert.match(String(result.steps[0]!.reason), /^taken back by jo at .*; it was passed$/)
  })

  test('does not guess what became of a step that must not be repeated', async () => {
    const log: string[] = []
    const once = undoable(log, 'a', { resume: 'once' } as Partial<Step>)
    const begun: Events = [['step-started', { step: 'a' }], ...RESUMED]
    const unsaid = await run([once], { before: begun })
    assert.deepEqual([log, unsaid.outcomes], [[], ['denied']])
    const done = await run([once], { before: begun, settled: { a: { answer: 'done', by: 'jo', how: 'asked' } } })
    assert.deepEqual([log, done.outcomes], [[], ['passed']])
    assert.ok(done.assumptions.some(text => /a took effect before the break.*jo \(asked\)/.test(text)))
    const repeat = await run([once], { before: begun, settled: { a: { answer: 'repeat', by: 'jo', how: 'asked' } } })
    assert.deepEqual([log, repeat.outcomes], [['does a'], ['passed']])
    assert.equal(repeat.journal.entries[0]!.type, 'settled')
  })

  test('is errored where a step can not tell whether it took effect', async () => {
    const log: string[] = []
    const tookEffect = () => Promise.reject(new RunproofError('TARGET_UNREACHABLE', 'nobody answers'))
    const step = undoable(log, 'a', { resume: 'check-first', tookEffect } as Partial<Step>)
    const result = await run([step], { before: [['step-started', { step: 'a' }], ...RESUMED] })
    assert.deepEqual([log, result.outcomes, result.steps[0]!.error!.code], [[], ['errored'], 'TARGET_UNREACHABLE'])
  })
})
