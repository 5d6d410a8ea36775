import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { capture } from '../model/capture.ts'
import type { Files } from '../model/files.ts'
import type { Step, StepContext } from '../model/runbook.ts'
import { memoryTools } from '../testing/memory-tools.ts'
import type { Approver } from './authorise.ts'
import type { Choice, Conductor, Scene } from './conductor.ts'
import { check, type Given, never, red, run, step, undoable, write } from './testdata/small-run.ts'

const people = { operator: 'ada', roles: { 'security-owner': 'bob' } } as const

/** A person who chooses what was written down beforehand, and then runs everything. */
function script(...choices: readonly Choice[]) {
  const left = [...choices]
  const scenes: Scene[] = []
  const told: string[] = []
  const conductor: Conductor = {
    choose: async scene => {
      scenes.push(scene)
      return left.shift() ?? (scene.ended === undefined ? { do: 'run' } : { do: 'stop' })
    },
    tell: text => void told.push(text),
  }
  return { conductor, scenes, told }
}

async function conducted(steps: readonly Step[], choices: readonly Choice[], given: Given = {}) {
  const { conductor, scenes, told } = script(...choices)
  const result = await run(steps, { people, conductor, ...given })
  const journal = result.journal.entries.map(
    ({ type, data }): Readonly<Record<string, unknown>> & { type: string } => ({
      ...data,
      type,
    }),
  )
  return { ...result, scenes, told, journal }
}

describe('a run that is conducted', () => {
  test('asks before each step, with all that there is to know', async () => {
    const log: string[] = []
    const { scenes, outcome } = await conducted(
      [undoable('a', log), write('b', { role: 'security-owner' }), step('c')],
      [],
      { runbook: { snapshot: { describe: 'the state', async execute() {} } } },
    )
    assert.equal(outcome, 'passed')
    assert.deepEqual(
      scenes.map(({ step: one, ...scene }) => ({ id: one.id, ...scene })),
      [
        {
          id: 'a',
          index: 0,
          steps: 3,
          decision: { verdict: 'allow', rule: 'default.stand-in' },
          asked: { of: 'ada', other: false },
          operator: 'ada',
          snapshot: 'the state',
        },
        {
          id: 'b',
          index: 1,
          steps: 3,
          decision: { verdict: 'allow', rule: 'default.stand-in' },
          asked: { of: 'bob', role: 'security-owner', other: true },
          operator: 'ada',
          undo: { step: 'a', describe: 'a: undoes a', whole: true },
          snapshot: 'the state',
        },
        {
          id: 'c',
          index: 2,
          steps: 3,
          decision: { verdict: 'allow', rule: 'default.read' },
          asked: { of: 'ada', other: false },
          operator: 'ada',
          undo: { step: 'a', describe: 'a: undoes a', whole: true },
          snapshot: 'the state',
        },
      ],
    )
  })

  test('leaves a step out by name and with a reason, goes on, and can not pass', async () => {
    const acted: string[] = []
    const does = (id: string) => ({ does: async () => void acted.push(id) })
    const result = await conducted([step('a', does('a')), step('b', does('b'))], [{ do: 'skip', reason: 'no phone' }])
    assert.deepEqual([result.outcome, result.outcomes, acted], ['skipped', ['skipped', 'passed'], ['b']])
    const { at: _, ...skippedBy } = result.steps[0]!.skippedBy!
    assert.deepEqual(skippedBy, { by: 'ada', reason: 'no phone' })
    assert.ok(result.journal.some(one => one.type === 'skipped' && one['by'] === 'ada' && one['reason'] === 'no phone'))
    assert.ok(result.notTested.includes('step a: left out by ada: no phone'))
  })

  test('takes back the last step that can be, in containment too, and the record says so', async () => {
    const log: string[] = []
    const handle = capture<string>('handle', 'what a yields')
    const made = undoable('a', log, { yields: [handle], does: async ({ set }) => set(handle, 'x') })
    const needs = step('b', { does: async ({ values }) => void values.get(handle) })
    const result = await conducted([made, needs], [{ do: 'run' }, { do: 'undo' }, { do: 'undo' }, { do: 'run' }], {
      runbook: { purpose: 'containment' },
    })
    assert.deepEqual(log, ['undo a'])
    assert.deepEqual(result.told, ['taken back: a: undoes a', 'there is nothing that can be taken back'])
    const [record, second] = result.steps
    assert.deepEqual([record!.outcome, record!.undone!.by, record!.checks.length], ['skipped', 'ada', 1])
    assert.match(record!.reason!, /^taken back by ada at .*; it was passed$/)
    // What it had yielded is gone with it.
    assert.equal(second!.error!.code, 'CAPTURE_UNSET')
    assert.deepEqual(
      result.released.filter(one => one.kind === 'undo'),
      [{ what: 'a: undoes a', kind: 'undo', outcome: 'done', by: 'ada' }],
    )
    const order = result.journal.filter(({ type }) => type.startsWith('und')).map(({ type }) => type)
    assert.deepEqual(order, ['undo-started', 'undone'])
  })

  test('does not pass once something was taken back, although every step had', async () => {
    const result = await conducted([undoable('a', []), step('b')], [{ do: 'run' }, { do: 'undo' }])
    assert.deepEqual([result.outcome, result.outcomes], ['skipped', ['skipped', 'passed']])
  })

  test('tells an undo that failed, and lets it be tried again', async () => {
    let times = 0
    const undo = {
      describe: 'close the door',
      execute: async () => {
        times += 1
        if (times === 1) throw new Error('it is stuck')
      },
    }
    const made = { ...undoable('a', []), undo } as Step
    const tries: Choice[] = [{ do: 'run' }, { do: 'undo' }, { do: 'undo' }]
    const result = await conducted([made, step('b')], tries, { runbook: { purpose: 'containment' } })
    assert.deepEqual(result.told, ['not taken back: it is stuck', 'taken back: a: close the door'])
    assert.deepEqual([result.outcome, result.released.map(one => one.outcome)], ['skipped', ['done']])
  })

  test('writes notes down, and hands over the keyboard or a role, from then on', async () => {
    const result = await conducted(
      [step('a', { role: 'security-owner' }), step('b')],
      [
        { do: 'note', text: 'the pager rang' },
        { do: 'hand-over', to: 'eve' },
        { do: 'hand-over', to: 'mia', role: 'security-owner' },
        { do: 'note', text: 'it is quiet' },
      ],
    )
    assert.equal(result.outcome, 'passed')
    assert.deepEqual(
      result.notes!.map(({ at: _, ...note }) => note),
      [
        { by: 'ada', text: 'the pager rang' },
        { by: 'eve', text: 'it is quiet' },
      ],
    )
    assert.deepEqual(
      result.handovers!.map(({ at: _, ...one }) => one),
      [
        { from: 'ada', to: 'eve' },
        { from: 'bob', to: 'mia', role: 'security-owner' },
      ],
    )
    assert.deepEqual(result.roles, { 'security-owner': 'mia' })
    const { asked, operator } = result.scenes.at(-2)!
    assert.deepEqual([operator, asked.of], ['eve', 'mia'])
  })

  test('stops where a person says so, like an interrupt', async () => {
    const log: string[] = []
    const deferring = step('a', {
      does: async ({ run: { defer } }) => defer('x', async () => void log.push('released')),
    })
    const result = await conducted([deferring, step('b'), step('c')], [{ do: 'run' }, { do: 'stop' }])
    assert.deepEqual([result.outcome, result.outcomes], ['interrupted', ['passed', 'interrupted', 'skipped']])
    assert.deepEqual(log, ['released'])
    assert.ok(result.journal.some(one => one.type === 'stopped' && one['by'] === 'ada' && one['step'] === 'b'))
  })

  test('says that nobody stopped it where the terminal went away', async () => {
    const result = await conducted([step('a')], [{ do: 'stop', nobody: true }])
    assert.equal(result.outcome, 'interrupted')
    const stopped = result.journal.find(one => one.type === 'stopped')
    assert.deepEqual([stopped?.['nobody'], stopped?.['by']], [true, undefined])
    assert.match(String(result.steps[0]?.reason), /nobody is at the terminal any more/)
  })

  test('does not wait for a choice once it is interrupted', async () => {
    const controller = new AbortController()
    const conductor: Conductor = {
      choose: () => {
        controller.abort()
        return never()
      },
      tell: () => {},
    }
    const result = await run([step('a')], { people, conductor, signal: controller.signal })
    assert.equal(result.outcome, 'interrupted')
  })

  test('asks for approval after the choice, and is denied without one', async () => {
    const result = await conducted([write('a')], [], { real: true })
    assert.deepEqual([result.outcomes, result.scenes[0]!.decision.verdict], [['denied'], 'ask'])
  })
})

describe('after a step that failed, a person', () => {
  /** Red as often as it is told to be. */
  const failing = (times: number, given: Partial<Step> = {}) => {
    let left = times
    return undoable('a', [], { verify: [check('x', { probe: async () => (left-- > 0 ? 3 : 1) })], ...given })
  }

  test('has it tried again: what went wrong before stays on record', async () => {
    const result = await conducted([failing(2), step('b')], [{ do: 'run' }, { do: 'run' }, { do: 'run' }])
    assert.deepEqual([result.outcome, result.outcomes], ['passed', ['passed', 'passed']])
    const [record] = result.steps
    assert.deepEqual(
      record!.attempts!.map(({ outcome, reason }) => [outcome, reason]),
      [
        ['failed', 'failed: x'],
        ['failed', 'failed: x'],
      ],
    )
    const types = result.journal.filter(one => one['step'] === 'a' && /^step-/.test(one.type)).map(({ type }) => type)
    const once = ['step-started', 'step-ended']
    assert.deepEqual(types, [...once, 'step-again', ...once, 'step-again', ...once])
    assert.deepEqual(
      result.scenes.map(({ ended }) => ended?.outcome),
      [undefined, 'failed', 'failed', undefined],
    )
  })

  test('goes on without it, with a reason: the run has failed all the same', async () => {
    const result = await conducted(
      [failing(1), step('b')],
      [{ do: 'run' }, { do: 'skip', reason: 'the firewall holds' }, { do: 'run' }],
      { runbook: { purpose: 'containment' } },
    )
    assert.deepEqual([result.outcome, result.outcomes], ['failed', ['failed', 'passed']])
    assert.equal(result.steps[0]!.skippedBy!.reason, 'the firewall holds')
  })

  test('stops, and it can be gone on with', async () => {
    const result = await conducted([failing(1), step('b')], [{ do: 'run' }, { do: 'stop' }])
    assert.deepEqual([result.outcome, result.outcomes], ['interrupted', ['failed', 'skipped']])
  })

  test('takes it back, which does not make it less failed', async () => {
    const result = await conducted([failing(1), step('b')], [{ do: 'run' }, { do: 'undo' }, { do: 'stop' }])
    assert.deepEqual([result.outcomes[0], result.steps[0]!.undone!.by], ['failed', 'ada'])
  })

  test('is asked for approval anew when it is tried again', async () => {
    let questions = 0
    const approve: Approver = async () => {
      questions += 1
      return { granted: true, by: 'ada', how: 'answered yes' }
    }
    const result = await conducted([failing(1)], [{ do: 'run' }, { do: 'run' }], { real: true, approve })
    assert.deepEqual([result.outcome, questions], ['passed', 2])
  })

  test('takes it back once although it was tried twice', async () => {
    const log: string[] = []
    const once = { ...undoable('a', log), verify: failing(1).verify } as Step
    await conducted(
      [once, step('b', { verify: [red()] })],
      [{ do: 'run' }, { do: 'run' }, { do: 'run' }, { do: 'stop' }],
    )
    assert.deepEqual(log, ['undo a'])
  })

  test('is not asked about a denial: nothing goes round it', async () => {
    const result = await conducted([write('a'), step('b')], [], { real: true })
    assert.deepEqual([result.outcomes, result.scenes.length], [['denied', 'skipped'], 1])
  })

  test('decides nothing where nothing can be put on record', async () => {
    const result = await conducted([failing(1), step('b')], [{ do: 'run' }, { do: 'run' }], {
      full: entry => entry.type === 'step-again',
    })
    assert.deepEqual(result.outcomes, ['failed', 'skipped'])
  })
})

describe('a snapshot at any moment', () => {
  const made: string[] = []
  const files = { makeDirectory: async (path: string) => void made.push(path) } as unknown as Files
  const tools = memoryTools({ files })
  const snapshot = (execute: (dir: string) => Promise<void>) => ({
    snapshot: {
      describe: 'the state',
      execute: ({ run: { artifactsDir } }: StepContext) => execute(artifactsDir),
    },
  })

  test('goes into a directory of its own each time, and is on record before', async () => {
    const places: string[] = []
    const runbook = snapshot(async dir => void places.push(dir))
    const result = await conducted([step('a')], [{ do: 'snapshot' }, { do: 'snapshot' }], { tools, runbook })
    assert.deepEqual(places, ['/nowhere/snapshot-1', '/nowhere/snapshot-2'])
    assert.deepEqual(
      result.snapshots!.map(({ path, outcome, by }) => [path, outcome, by]),
      [
        ['artifacts/snapshot-1', 'done', 'ada'],
        ['artifacts/snapshot-2', 'done', 'ada'],
      ],
    )
    const types = result.journal.map(({ type }) => type).filter(type => type.startsWith('snapshot'))
    assert.deepEqual(types, ['snapshot', 'snapshot-ended', 'snapshot', 'snapshot-ended'])
    assert.equal(result.outcome, 'passed')
  })

  test('that fails is told, and keeps nobody from going on', async () => {
    const runbook = snapshot(() => Promise.reject(new Error('no route to host')))
    const result = await conducted([step('a')], [{ do: 'snapshot' }], { tools, runbook })
    assert.deepEqual([result.outcome, result.snapshots![0]!.outcome], ['passed', 'errored'])
    assert.deepEqual(result.told, ['not collected whole: no route to host'])
  })

  test('that a rule denies is not taken', async () => {
    const runbook = snapshot(() => assert.fail('it was taken'))
    const rules = [{ id: 'no', verdict: 'deny', steps: ['snapshot-1'], reason: 'not here', mayLoosen: false } as const]
    const result = await conducted([step('a')], [{ do: 'snapshot' }], { tools, runbook, rules })
    assert.deepEqual([result.told, result.snapshots], [['not collected: policy.no denies it'], undefined])
  })
})

describe('what could not be put on record', () => {
  const acts: readonly [string, Choice][] = [
    ['skipped', { do: 'skip', reason: 'why' }],
    ['note', { do: 'note', text: 'x' }],
    ['handover', { do: 'hand-over', to: 'eve' }],
    ['undo-started', { do: 'undo' }],
    ['stopped', { do: 'stop' }],
  ]
  for (const [type, choice] of acts) {
    test(`was not done: ${choice.do}`, async () => {
      const log: string[] = []
      const result = await conducted([undoable('a', log), step('b')], [{ do: 'run' }, choice], {
        full: entry => entry.type === type,
        runbook: { purpose: 'containment' },
      })
      assert.deepEqual(result.outcomes, ['passed', 'errored'])
      assert.equal(result.steps[1]!.error!.code, 'DISK_FULL')
      assert.deepEqual([log, result.notes, result.handovers], [[], undefined, undefined])
    })
  }
})
