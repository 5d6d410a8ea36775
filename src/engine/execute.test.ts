import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { capture } from '../model/capture.ts'
import { type AnyCheck, type CheckContext, type Counterproof, failed, passed } from '../model/check.ts'
import { cmd } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Step, StepContext } from '../model/runbook.ts'
import { memoryCommands, memoryJournal, memoryTools, processClock } from '../testing/memory-tools.ts'
import type { ExecuteInput } from './run-input.ts'
import { check, lacking, never, red, run, step, undoable, write } from './testdata/small-run.ts'

const firstCheck = (result: Awaited<ReturnType<typeof run>>) => result.steps[0]!.checks[0]!

describe('a run', () => {
  test('passes when every check is green and every counterproof red', async () => {
    const result = await run([step('a'), write('b')])
    assert.equal(result.outcome, 'passed')
    assert.deepEqual(
      firstCheck(result).counterproofs.map(one => one.outcome),
      ['red'],
    )
    assert.deepEqual(result.notTested, [])
  })

  const outcomes: readonly [string, readonly AnyCheck[], Outcome][] = [
    ['failed when one check is red', [check('green'), red()], 'failed'],
    ['errored when a probe throws', [red(), check('x', { probe: () => Promise.reject(new Error('lost')) })], 'errored'],
    ['errored when a judge throws', [check('x', { judge: () => assert.fail('broken judge') })], 'errored'],
    [
      'errored when a probe throws before it returns a promise',
      [check('x', { probe: () => assert.fail('at once') })],
      'errored',
    ],
    ['skipped when a check lacks what it needs', [check('green'), lacking('x')], 'skipped'],
    ['unproven when a green can not be turned red', [check('x', stubborn()), lacking('y')], 'unproven'],
    ['failed when one is red and another unproven', [check('x', stubborn()), red()], 'failed'],
  ]
  for (const [title, verify, outcome] of outcomes) {
    test(`is ${title}`, async () => {
      const result = await run([step('a', { verify: verify as Step['verify'] })])
      assert.deepEqual([result.outcome, result.outcomes], [outcome, [outcome]])
    })
  }

  test('asks the other checks of a step although one is red, and no later step', async () => {
    const acted: string[] = []
    const does = (id: string) => async () => void acted.push(id)
    const result = await run([
      step('a', { does: does('a'), verify: [red(), check('green')] }),
      step('b', { does: does('b') }),
      step('c', { does: does('c') }),
    ])
    assert.deepEqual(acted, ['a'])
    assert.deepEqual(
      result.steps[0]!.checks.map(one => one.outcome),
      ['failed', 'passed'],
    )
    assert.deepEqual(result.outcomes, ['failed', 'skipped', 'skipped'])
    assert.equal(result.steps[2]!.reason, 'not reached: a is failed')
    assert.ok(result.notTested.includes('step b: not reached: a is failed'))
  })

  test('goes on after an unproven or a skipped step, and still does not pass', async () => {
    const result = await run([
      step('a', { verify: [check('x', stubborn())] }),
      step('b', { verify: [lacking('y')] }),
      step('c'),
    ])
    assert.deepEqual(result.outcomes, ['unproven', 'skipped', 'passed'])
    assert.equal(result.outcome, 'unproven')
  })

  test('lists what runbook, steps and skipped checks leave untested', async () => {
    const result = await run(
      [step('a', { does: async ({ run }) => run.notTested('the weather'), verify: [lacking('x')] })],
      { runbook: { limits: () => ['the moon'] } },
    )
    assert.deepEqual(result.notTested, [
      'the moon',
      'the weather',
      'check x: no barrier here',
      'counterproof x/two: the check itself is skipped',
    ])
  })

  test('is interrupted when the signal comes while it is torn down, after every step was done', async () => {
    const controller = new AbortController()
    const defer = step('a', { does: async ({ run: notes }) => notes.defer('a', async () => controller.abort()) })
    const result = await run([defer], { signal: controller.signal })
    assert.deepEqual([result.steps[0]!.outcome, result.outcome], ['passed', 'interrupted'])
  })

  test('moves on to another phase where a step says so, and counts its checks for the phase they are named for', async () => {
    const { clock, takes } = handClock()
    const slow = check('slow', { probe: async () => takes(30)().then(() => 1) })
    const result = await run(
      [
        step('a', {
          phase: 'start',
          checksPhase: 'validated',
          does: async ({ run: notes }) => {
            await takes(20)()
            notes.phase('ready')
            await takes(40)()
          },
          verify: [slow],
        }),
      ],
      { tools: memoryTools({ clock }) },
    )
    // Each has its own time, and no time is counted twice.
    assert.deepEqual(
      result.rto!.phases.map(one => [one.id, one.durationMs]),
      [
        ['start', 20],
        ['ready', 40],
        ['validated', 30],
      ],
    )
  })

  test('lets a step see what it has set itself, and records a command that a port streams', async () => {
    const made = capture<string>('made', 'set and read by one step')
    const seen: (string | undefined)[] = []
    const result = await run([
      step('a', {
        yields: [made],
        does: async context => {
          context.set(made, 'x')
          seen.push(context.values.find(made))
          await context.recorded(cmd`fetch it`, async () => 'streamed')
          await assert.rejects(context.recorded(cmd`fetch again`, async () => Promise.reject(new Error('cut off'))))
        },
      }),
    ])
    assert.deepEqual(seen, ['x'])
    assert.deepEqual(
      result.steps[0]!.commands.map(one => [one.command, one.exitCode]),
      [
        ['fetch it', 0],
        ['fetch again', null],
      ],
    )
  })

  test('runs a tear-down after a failed step, once what it needs was yielded, and stays failed', async () => {
    const made = capture<string>('made', 'what the tear-down needs')
    const log: string[] = []
    const tearDown = step('down', { afterFailure: [made], does: async () => void log.push('down') })
    const yielding = step('make', { yields: [made], does: async ({ set }) => set(made, 'x') })

    const after = await run([yielding, step('bad', { verify: [red()] }), step('skipped'), tearDown])
    assert.deepEqual(log, ['down'])
    assert.deepEqual(
      after.steps.map(one => one.outcome),
      ['passed', 'failed', 'skipped', 'passed'],
    )
    assert.equal(after.outcome, 'failed')

    const before = await run([step('bad', { verify: [red()] }), yielding, tearDown])
    assert.deepEqual(log, ['down'])
    assert.equal(before.steps[2]!.reason, 'not reached: bad is failed')
  })

  test('lists a check that cannot be asked with what was given as not tested, and does not pass on nothing', async () => {
    const unasked = check('unasked', { untested: () => 'no baseline was given' })
    const some = await run([step('a', { verify: [check('asked'), unasked] })])
    assert.equal(some.outcome, 'passed')
    assert.deepEqual(
      some.steps[0]!.checks.map(one => one.id),
      ['asked'],
    )
    assert.deepEqual(some.notTested, ['unasked is one: no baseline was given'])
    assert.deepEqual(
      some.watched.filter(({ type }) => type === 'untested'),
      [{ type: 'untested', step: 'a', title: 'unasked is one', why: 'no baseline was given' }],
    )

    const none = await run([step('a', { verify: [unasked] })])
    assert.equal(none.outcome, 'errored')
  })

  test('adds the times of phases up, waits apart and counterproofs not counted', async () => {
    const { clock, takes } = handClock()
    const slow: Counterproof<unknown> = {
      id: 'slow',
      breaks: 'a slow break',
      because: /not one/,
      subject: async context => takes(6_000)().then(() => context),
    }
    const waiting = async ({ waited }: StepContext) => takes(30)().then(() => waited('heartbeat', 7))
    const result = await run(
      [
        step('a', { phase: 'unpack', does: waiting }),
        step('b', { phase: 'unpack', does: takes(200), verify: [check('x', { counterproofs: [slow] })] }),
        step('c', { phase: 'ready', does: takes(1) }),
      ],
      { tools: memoryTools({ clock }) },
    )
    assert.deepEqual(
      result.rto!.phases.map(one => [one.id, one.durationMs]),
      [
        ['unpack', 230],
        ['ready', 1],
      ],
    )
    assert.deepEqual(result.rto!.phases[0]!.waits, [{ id: 'heartbeat', durationMs: 7 }])
    assert.deepEqual([result.rto!.totalMs, result.steps[1]!.counterproofsMs], [231, 6_000])
  })

  test('counts data from the future as an RPO of 0 and says that clocks disagree', async () => {
    const result = await run([step('a', { does: async ({ run }) => run.rpo(-3_000, 'newest event') })])
    assert.equal(result.rpoMs, 0)
    assert.match(result.assumptions[0]!, /3000 ms in the future/)
  })

  test('is errored by a figure that is no number', async () => {
    for (const does of [
      async ({ run }: StepContext) => run.rpo(Number.NaN, 'x'),
      async ({ run }: StepContext) => run.fact('x', Number.POSITIVE_INFINITY),
    ])
      assert.equal((await run([step('a', { does })])).outcome, 'errored')
  })
})

/** A clock that goes on only where the test says that something takes its time. */
function handClock() {
  let nowMs = 0
  const takes = (milliseconds: number) => async () => {
    nowMs += milliseconds
  }
  return { clock: { ...processClock, monotonicMs: () => nowMs }, takes }
}

/** A counterproof that the check does not notice. */
function stubborn(): Partial<AnyCheck> {
  return {
    counterproofs: [
      { id: 'same', breaks: 'nothing at all', because: /never/, observation: (observed: unknown) => observed },
    ],
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

describe('a counterproof', () => {
  const subject = (given: Partial<Counterproof<unknown>> & { subject?: unknown } = {}): AnyCheck['counterproofs'] => [
    {
      id: 'broken',
      breaks: 'a copy',
      subject: async (context: CheckContext) => ({ ...context, deadlineMs: 2 }),
      ...given,
    } as never,
  ]
  /** Sees a broken copy by its deadline; what it does then is up to the test. */
  const probing = (onBroken: () => Promise<number>, counterproofs: AnyCheck['counterproofs']) =>
    check('x', { probe: async ({ deadlineMs }) => (deadlineMs === 2 ? onBroken() : 1), counterproofs })
  const throwing = (code: 'TIMEOUT' | 'ARCHIVE_TRUNCATED') => async () => {
    throw new RunproofError(code, 'as it should')
  }

  const cases: readonly [string, AnyCheck, string, RegExp, Outcome][] = [
    ['is red when the check says no', probing(async () => 2, subject()), 'red', /it is not one/, 'passed'],
    ['is green when the check still passes', probing(async () => 1, subject()), 'green', /still passed/, 'unproven'],
    [
      'is red by the error it declares',
      probing(throwing('TIMEOUT'), subject({ expects: 'TIMEOUT' })),
      'red',
      /^TIMEOUT/,
      'passed',
    ],
    [
      'is not red by another error',
      probing(throwing('TIMEOUT'), subject({ expects: 'ARCHIVE_TRUNCATED' })),
      'errored',
      /TIMEOUT/,
      'unproven',
    ],
    [
      'is not red by a no where it declares an error',
      probing(async () => 2, subject({ expects: 'TIMEOUT' })),
      'errored',
      /red for another reason than TIMEOUT: it is not one/,
      'unproven',
    ],
    [
      'is not red by an error nobody declared',
      probing(throwing('ARCHIVE_TRUNCATED'), subject()),
      'errored',
      /ARCHIVE_TRUNCATED/,
      'unproven',
    ],
    [
      'is red for the stated reason',
      probing(async () => 2, subject({ because: /not one/ })),
      'red',
      /not one/,
      'passed',
    ],
    [
      'is not red for another reason',
      probing(async () => 2, subject({ because: /too many/ })),
      'errored',
      /another reason/,
      'unproven',
    ],
    [
      'is not red because its break could not be made, even with the declared error',
      probing(async () => 2, subject({ expects: 'TIMEOUT', subject: throwing('TIMEOUT') as never })),
      'errored',
      /could not be made: TIMEOUT/,
      'unproven',
    ],
    [
      'is not red when what it started can not be cleared away',
      probing(
        async () => 2,
        subject({
          expects: 'TIMEOUT',
          subject: async (context: CheckContext, scope: AsyncDisposableStack) => {
            scope.defer(throwing('TIMEOUT') as never)
            return { ...context, deadlineMs: 2 }
          },
        }),
      ),
      'errored',
      /could not be cleared away/,
      'unproven',
    ],
    [
      'is not run where its break is unavailable',
      probing(never, subject({ unavailable: () => 'no archive' } as never)),
      'not-run',
      /no archive/,
      'passed',
    ],
    [
      'is errored when it can not tell whether it is available',
      probing(never, subject({ unavailable: () => assert.fail('lost') } as never)),
      'errored',
      /lost/,
      'unproven',
    ],
    [
      'is errored when the observation can not be copied',
      check('x', { probe: async () => () => 1, judge: () => passed() }),
      'errored',
      /could not be made/,
      'unproven',
    ],
  ]
  for (const [title, one, outcome, said, whole] of cases) {
    test(title, async () => {
      const result = await run([step('a', { verify: [one] })])
      const [record] = firstCheck(result).counterproofs
      assert.match(record!.said, said)
      assert.deepEqual([record!.outcome, result.outcome], [outcome, whole])
    })
  }

  test('that was not run is listed as not tested', async () => {
    const result = await run([step('a', { verify: [probing(never, subject())] })], { counterproofs: 'observation' })
    assert.equal(result.outcome, 'passed')
    assert.deepEqual(result.notTested, ['counterproof x/broken: only counterproofs on observations were asked for'])
  })

  test('does not change what the check has observed', async () => {
    const observed = { list: [1] }
    const grown = (value: typeof observed) => {
      value.list.push(2)
      return value
    }
    const one = check('x', {
      probe: async () => observed,
      judge: ({ list }) => (list.length === 1 ? passed() : failed('longer')),
      counterproofs: [{ id: 'push', breaks: 'one more', because: /longer/, observation: grown }],
    })
    assert.equal((await run([step('a', { verify: [one] })])).outcome, 'passed')
    assert.deepEqual(observed, { list: [1] })
  })

  test('is red when the check hangs on the break and that was declared', async () => {
    const one = probing(never, subject({ expects: 'TIMEOUT' }))
    const result = await run([step('a', { timeoutMs: 30, verify: [one] })])
    assert.deepEqual([firstCheck(result).counterproofs[0]!.outcome, result.outcome], ['red', 'passed'])
  })

  test('is not red when making the break hangs', async () => {
    const one = probing(async () => 2, subject({ expects: 'TIMEOUT', subject: never as never }))
    const result = await run([step('a', { timeoutMs: 30, verify: [one] })])
    assert.equal(result.outcome, 'unproven')
  })

  test('runs commands that are not the step’s own', async () => {
    const runner = memoryCommands(async () => 0)
    const one = check('x', {
      probe: async context => (context.deadlineMs === 2 ? 2 + (await context.runIn(runner, cmd`look`)).exitCode! : 1),
      counterproofs: subject(),
    })
    const result = await run([step('a', { verify: [one] })])
    assert.deepEqual([result.outcome, result.steps[0]!.commands], ['passed', []])
  })
})

describe('a deadline', () => {
  test('of a step that hangs ends it, skips the rest and tears down', async () => {
    const log: string[] = []
    const does = async ({ run }: StepContext) => {
      run.defer('the thing', async () => void log.push('released'))
      await never()
    }
    const result = await run([step('a', { does, timeoutMs: 20 }), step('b')])
    assert.deepEqual(result.outcomes, ['errored', 'skipped'])
    assert.match(result.steps[0]!.reason!, /TIMEOUT.*20 ms, and did not stop when told to/)
    assert.deepEqual(log, ['released'])
  })

  test('of a check that hangs ends the check only', async () => {
    const result = await run([step('a', { timeoutMs: 20, verify: [check('x', { probe: never }), check('y')] })])
    assert.deepEqual(
      result.steps[0]!.checks.map(one => one.outcome),
      ['errored', 'passed'],
    )
  })

  test('waits for work that heeds its signal before anything is torn down', async () => {
    const log: string[] = []
    const does = async ({ run, signal }: StepContext) => {
      run.defer('x', async () => void log.push('released'))
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      await delay(10)
      log.push('stopped')
    }
    const result = await run([step('a', { does, timeoutMs: 20 })], { patience: { settleMs: 5_000 } })
    assert.deepEqual(log, ['stopped', 'released'])
    assert.equal(result.steps[0]!.reason, 'TIMEOUT: step a took longer than 20 ms')
  })

  test('reaches the commands of a check', { timeout: 10_000 }, async () => {
    const ended = Promise.withResolvers<void>()
    const runner = memoryCommands(async (_, signal) => {
      await new Promise<void>(resolve => signal!.addEventListener('abort', () => resolve()))
      ended.resolve()
      return 1
    })
    const one = check('x', { probe: async ({ runIn }) => (await runIn(runner, cmd`hang`)).exitCode })
    const result = await run([step('a', { timeoutMs: 20, verify: [one] })])
    await ended.promise
    assert.equal(result.outcome, 'errored')
  })

  test('longer than a timer can hold does not fire at once', async () => {
    assert.equal((await run([step('a', { timeoutMs: 40 * 86_400_000, does: () => delay(5) })])).outcome, 'passed')
  })

  test('keeps work that goes on regardless from setting values and running commands', async () => {
    const value = capture<number>('value', 'a value')
    const errors: string[] = []
    const ended = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    const runner = memoryCommands(async () => assert.fail('ran after the end'))
    const does = async ({ set, runIn, signal }: StepContext) => {
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      await ended.promise
      for (const late of [async () => set(value, 1), () => runIn(runner, cmd`late`)]) {
        await late().catch((error: RunproofError) => errors.push(error.code))
      }
      over.resolve()
    }
    const result = await run([step('a', { does, timeoutMs: 10, yields: [value] })], { patience: { settleMs: 5 } })
    const before = JSON.stringify(result.steps)
    ended.resolve()
    await over.promise
    assert.deepEqual(errors, ['INTERRUPTED', 'INTERRUPTED'])
    assert.equal(JSON.stringify(result.steps), before)
    assert.ok(!result.journal.entries.some(entry => entry.type === 'command'))
  })

  test('releases at once what work starts after everything was torn down', async () => {
    const ended = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    const does = async ({ run }: StepContext) => {
      await ended.promise
      run.defer('late', async () => released.resolve())
    }
    const result = await run([step('a', { does, timeoutMs: 5 })], { patience: { settleMs: 5 } })
    assert.deepEqual(result.released, [])
    ended.resolve()
    await released.promise
  })
})

describe('undo', () => {
  test('runs in reverse order when a later step did not pass', async () => {
    const log: string[] = []
    const result = await run([undoable('a', log), undoable('b', log), step('c', { verify: [red()] })])
    assert.deepEqual(log, ['undo b', 'undo a'])
    assert.deepEqual(
      result.released.map(one => [one.kind, one.outcome]),
      [
        ['undo', 'done'],
        ['undo', 'done'],
      ],
    )
  })

  test('does not run when everything passed', async () => {
    const log: string[] = []
    const result = await run([undoable('a', log), step('b')])
    assert.deepEqual([log, result.released], [[], []])
  })

  test('is only offered in containment', async () => {
    const log: string[] = []
    const a = undoable('a', log) as Extract<Step, { undo: unknown }>
    const typed = { ...a, undo: { ...a.undo, commands: ['door open <door>', 'door look'] } }
    const result = await run([typed, step('b', { verify: [red()] })], { runbook: { purpose: 'containment' } })
    assert.deepEqual(log, [])
    const what = 'a: undoes a; $ door open <door>; $ door look'
    assert.deepEqual(result.released, [{ what, kind: 'undo', outcome: 'offered' }])
    assert.equal(result.outcome, 'failed')
  })

  test('of a step that was left half done is only offered, and the earlier ones run', async () => {
    const log: string[] = []
    const does = async () => assert.fail('half way')
    const result = await run([undoable('a', log), undoable('b', log, { does })])
    assert.deepEqual(log, ['undo a'])
    assert.deepEqual(
      result.released.map(one => one.outcome),
      ['offered', 'done'],
    )
  })

  test('that fails is reported, and the others run', async () => {
    const log: string[] = []
    const bad = { ...undoable('b', log), undo: { describe: 'breaks', execute: () => assert.fail('no undo') } } as Step
    const result = await run([undoable('a', log), bad, step('c', { verify: [red()] })])
    assert.deepEqual(log, ['undo a'])
    assert.deepEqual([result.released[0]!.outcome, result.outcome], ['errored', 'errored'])
  })

  test('comes before tear-down, and its commands end with its time', async () => {
    const log: string[] = []
    const runner = memoryCommands(async (_, signal) => {
      await new Promise<void>(resolve => signal!.addEventListener('abort', () => resolve()))
      log.push('undo cut')
      return 1
    })
    const one = {
      ...undoable('a', log, { does: async ({ run }) => run.defer('x', async () => void log.push('released')) }),
      undo: { describe: 'hangs', execute: async ({ runIn }: StepContext) => void (await runIn(runner, cmd`hang`)) },
    } as Step
    const result = await run([one, step('b', { verify: [red()] })], { patience: { releaseMs: 20, settleMs: 5_000 } })
    assert.deepEqual(log, ['undo cut', 'released'])
    assert.equal(result.released[0]!.error!.code, 'TIMEOUT')
  })

  test('has its own time where it says so, longer than a tear-down is given', async () => {
    const one = {
      ...undoable('a', []),
      undo: { describe: 'is slow', timeoutMs: 5_000, execute: () => new Promise(done => setTimeout(done, 60)) },
    } as Step
    const result = await run([one, step('b', { verify: [red()] })], { patience: { releaseMs: 20 } })
    assert.equal(result.released[0]!.outcome, 'done')
  })
})

describe('tear-down', () => {
  test('releases the last first, whatever happened, and reports what stays', async () => {
    const log: string[] = []
    const does = async ({ run }: StepContext) => {
      run.defer('first', async () => void log.push('first'))
      run.defer('bad', () => Promise.reject(new RunproofError('INSTANCE_FAILED', 'it stays')))
      run.defer('hanging', never)
      run.defer('last', async () => void log.push('last'))
    }
    const result = await run([step('a', { does })], { patience: { releaseMs: 20, settleMs: 5 } })
    assert.deepEqual(log, ['last', 'first'])
    assert.deepEqual(
      result.released.map(one => [one.what, one.outcome]),
      [
        ['last', 'done'],
        ['hanging', 'errored'],
        ['bad', 'errored'],
        ['first', 'done'],
      ],
    )
    assert.equal(result.outcome, 'errored')
  })

  test('releases what a release started', async () => {
    const log: string[] = []
    const does = async ({ run }: StepContext) =>
      run.defer('outer', async () => run.defer('inner', async () => void log.push('inner')))
    await run([step('a', { does })])
    assert.deepEqual(log, ['inner'])
  })
})

describe('policy', () => {
  test('denies a write on a real target when nobody approves, and nothing has acted', async () => {
    const acted: string[] = []
    const result = await run([write('a', { does: async () => void acted.push('a') }), step('b')], { real: true })
    assert.deepEqual([result.outcomes, acted], [['denied', 'skipped'], []])
    assert.equal(result.steps[0]!.reason, 'default.write: nobody is there')
    assert.deepEqual(result.journal.entries.map(one => one.type).slice(1, 4), [
      'approval-asked',
      'approval-answered',
      'step-denied',
    ])
  })

  test('denies a write on what is in use when nobody approves, whatever it is called', async () => {
    const result = await run([write('a')], { runbook: { inUse: () => 'it runs' } })
    assert.deepEqual(result.outcomes, ['denied'])
  })

  test('records who approved and how, before the step acts', async () => {
    const approve = async () => ({ granted: true, by: 'ada', how: 'said yes' }) as const
    const result = await run([write('a')], { real: true, approve })
    const started = result.journal.entries.find(one => one.type === 'step-started')
    const { askedAt, deadlineAt, answeredAt, ...decision } = result.steps[0]!.decision!
    assert.deepEqual(decision, { verdict: 'allow', rule: 'default.write', approvedBy: 'ada', how: 'said yes' })
    assert.deepEqual([result.outcome, started?.data['decision']], ['passed', result.steps[0]!.decision])
    assert.equal(Date.parse(deadlineAt!) - Date.parse(askedAt!), 15 * 60_000)
    assert.ok(answeredAt! >= askedAt!)
  })

  test('takes no answer for a denial', async () => {
    const result = await run([write('a')], { real: true, approve: never, patience: { approvalMs: 20 } })
    assert.deepEqual(
      [result.outcome, result.steps[0]!.reason],
      ['denied', 'default.write: expired: no answer within 20 ms'],
    )
  })

  test('does not wait for an answer once the run is interrupted', async () => {
    const controller = new AbortController()
    const approve = () => {
      controller.abort()
      return never()
    }
    const result = await run([write('a')], { real: true, approve, signal: controller.signal })
    assert.equal(result.outcome, 'interrupted')
  })

  const weekend = {
    id: 'no-weekend',
    verdict: 'deny',
    steps: ['b'],
    reason: 'nobody is there',
    mayLoosen: false,
  } as const

  test('of a file denies a step on the stand-in, and neither it nor a later one acts, not even a tear-down', async () => {
    const acted: string[] = []
    const acting = (id: string) => ({ does: async () => void acted.push(id) })
    const handle = capture<string>('handle', 'what the tear-down needs')
    const first = step('a', {
      yields: [handle],
      does: async ({ set }) => {
        acted.push('a')
        set(handle, 'x')
      },
    })
    const last = step('d', { ...acting('d'), afterFailure: [handle] })
    const result = await run([first, step('b', acting('b')), step('c', acting('c')), last], { rules: [weekend] })
    assert.deepEqual([result.outcomes, acted], [['passed', 'denied', 'skipped', 'skipped'], ['a']])
    const decision = { verdict: 'deny', rule: 'policy.no-weekend', how: 'nobody is there' }
    assert.deepEqual(result.steps[1]!.decision, decision)
    assert.equal(result.steps[1]!.reason, 'policy.no-weekend: nobody is there')
    assert.deepEqual(result.journal.entries.find(one => one.type === 'step-denied')?.data, {
      step: 'b',
      effect: 'read',
      decision,
    })
  })

  test('of a file asks with its word, and its rule is on record with the approval', async () => {
    const words: (string | undefined)[] = []
    const approve: ExecuteInput['approve'] = async (_, { confirm }) => {
      words.push(confirm)
      return { granted: true, by: 'ada', how: 'typed' }
    }
    const rules = [{ ...weekend, verdict: 'ask', confirm: 'sesame' } as const]
    const result = await run([step('a'), step('b')], { rules, approve })
    assert.deepEqual([result.outcomes, words], [['passed', 'passed'], ['sesame']])
    assert.deepEqual(
      result.steps.map(one => one.decision?.rule),
      ['default.read', 'policy.no-weekend'],
    )
  })

  test('of a file is asked anew for each step: its window may open in between', async () => {
    const zone = { zone: 'UTC', days: ['mon'], fromMinute: 0, toMinute: 1440 } as const
    const days = ['2026-11-22T23:59:59Z', '2026-11-23T00:00:00Z']
    let now = days[0]!
    const clock = { now: () => new Date(now), monotonicMs: () => 0, sinceBootMs: () => 0 }
    const does = async () => {
      now = days[1]!
    }
    const { steps: _, ...always } = weekend
    const rules = [{ ...always, window: zone }]
    const result = await run([step('a', { does }), step('b')], { rules, tools: memoryTools({ clock }) })
    assert.deepEqual(result.outcomes, ['passed', 'denied'])
  })

  test('lets a step refuse by itself', async () => {
    const does = () => Promise.reject(new RunproofError('DENIED', 'no barrier'))
    assert.equal((await run([step('a', { does })])).outcome, 'denied')
  })
})

describe('an interrupt', () => {
  async function interruptedIn(where: 'before' | 'step' | 'probe' | 'counterproof') {
    const controller = new AbortController()
    const log: string[] = []
    const stop = async () => {
      controller.abort()
      return never()
    }
    if (where === 'before') controller.abort()
    const does = async ({ run }: StepContext) => {
      run.defer('x', async () => void log.push('released'))
      if (where === 'step') await stop()
    }
    const one = check('x', {
      probe: where === 'probe' ? stop : async () => 1,
      counterproofs: [
        {
          id: 'broken',
          breaks: 'a copy',
          subject: where === 'counterproof' ? stop : async context => context,
          expects: 'INTERRUPTED',
        },
      ],
    })
    const result = await run([step('a', { does, verify: [one] }), step('b')], {
      signal: controller.signal,
      patience: { settleMs: 5 },
    })
    return { result, log }
  }

  for (const where of ['before', 'step', 'probe', 'counterproof'] as const) {
    test(`${where === 'before' ? 'before the first step' : `in a ${where}`} ends the run as interrupted, torn down`, async () => {
      const { result, log } = await interruptedIn(where)
      assert.deepEqual([result.outcome, result.outcomes], ['interrupted', ['interrupted', 'skipped']])
      assert.deepEqual(log, where === 'before' ? [] : ['released'])
      assert.ok(
        !result.steps
          .flatMap(one => one.checks)
          .flatMap(one => one.counterproofs)
          .some(one => one.outcome === 'red'),
      )
    })
  }

  test('is the operator’s: work that cuts its own command short has no verdict', async () => {
    const cut = () => Promise.reject(new RunproofError('INTERRUPTED', 'cut by the step itself'))
    assert.equal((await run([step('a', { does: cut })])).outcome, 'errored')
    assert.equal((await run([step('a', { verify: [check('x', { probe: cut })] })])).outcome, 'errored')
  })
})

describe('the journal', () => {
  test('is written before anything acts: without it nothing does', async () => {
    const acted: string[] = []
    const journal = memoryJournal(entry => entry.type === 'step-started')
    const result = await run([step('a', { does: async () => void acted.push('a') })], { journal })
    assert.deepEqual([acted, result.outcome, result.steps[0]!.error!.code], [[], 'errored', 'DISK_FULL'])
  })

  test('is written before a command runs: without it the command does not', async () => {
    const ran: string[] = []
    const runner = memoryCommands(async argv => ran.push(argv[0]!) - 1)
    const journal = memoryJournal(entry => entry.data['command'] === 'second')
    const does = async ({ runIn }: StepContext) => {
      await runIn(runner, cmd`first`)
      await runIn(runner, cmd`second`)
    }
    const result = await run([step('a', { does })], { journal })
    assert.deepEqual(ran, ['first'])
    assert.equal(result.steps[0]!.error!.code, 'DISK_FULL')
    assert.deepEqual(
      result.steps[0]!.commands.map(one => one.command),
      ['first'],
    )
  })

  test('that is full does not keep tear-down from happening', async () => {
    const log: string[] = []
    const journal = memoryJournal(entry => entry.type !== 'run-started' && entry.type !== 'step-started')
    const does = async ({ run }: StepContext) => run.defer('x', async () => void log.push('released'))
    const result = await run([step('a', { does })], { journal })
    assert.deepEqual(log, ['released'])
    assert.ok(result.assumptions.includes('the journal could not be written to the end'))
  })

  test('that takes not even the first record stops the run before it begins', async () => {
    const acted: string[] = []
    const journal = memoryJournal(() => true)
    await assert.rejects(run([step('a', { does: async () => void acted.push('a') })], { journal }), {
      code: 'DISK_FULL',
    })
    assert.deepEqual(acted, [])
  })

  test('tells the whole story in order', async () => {
    const runner = memoryCommands(async () => 0)
    const { journal } = await run([
      step('a', {
        does: async ({ runIn, run }) => {
          run.defer('x', async () => {})
          await runIn(runner, cmd`go`)
        },
      }),
    ])
    assert.deepEqual(
      journal.entries.map(one => one.type),
      ['run-started', 'step-started', 'command', 'check', 'counterproof', 'step-ended', 'released'],
    )
  })
})

describe('a command', () => {
  test('that is cut short stands in the evidence without an exit code', async () => {
    const runner = memoryCommands(() => Promise.reject(new RunproofError('INTERRUPTED', 'cut')))
    const result = await run([step('a', { does: async ({ runIn }) => void (await runIn(runner, cmd`half`)) })])
    assert.deepEqual(
      result.steps[0]!.commands.map(one => [one.command, one.exitCode]),
      [['half', null]],
    )
  })
})

describe('a skip', () => {
  const allowed = { allowedSkips: [{ id: 'x', reason: 'the laptop has none' }] }

  test('that was allowed lets the run pass, is recorded and stays listed as not tested', async () => {
    const result = await run([step('a', { verify: [lacking('x'), check('y')] })], allowed)
    assert.equal(result.outcome, 'passed')
    assert.deepEqual(result.allowedSkips, allowed.allowedSkips)
    assert.equal(firstCheck(result).outcome, 'skipped')
    assert.ok(result.notTested.includes('check x: no barrier here'))
  })

  test('that was allowed does not excuse the check when it can be asked', async () => {
    assert.equal((await run([step('a', { verify: [red('x')] })], allowed)).outcome, 'failed')
  })
})

describe('a capture', () => {
  const value = capture<string>('value', 'a value')

  test('is seen by the checks of its step and by later steps', async () => {
    const seen: string[] = []
    const result = await run([
      step('a', {
        yields: [value],
        does: async ({ set }) => set(value, 'here'),
        verify: [check('x', { probe: async ({ values }) => (values.get(value) === 'here' ? 1 : 0) })],
      }),
      step('b', { does: async ({ values }) => void seen.push(values.get(value)) }),
    ])
    assert.deepEqual([result.outcome, seen], ['passed', ['here']])
  })

  test('that the step does not declare can not be set', async () => {
    const result = await run([step('a', { does: async ({ set }) => set(value, 'here') })])
    assert.match(result.steps[0]!.reason!, /sets <value> without declaring it/)
  })
})

describe('what a hostile target answers', () => {
  test('is cut when it is long, and stays well-formed where it is cut', async () => {
    const long = 'x'.repeat(16_382) + '😀'.repeat(9)
    const one = check('x', { probe: async () => 3, judge: () => failed('no', { actual: long }) })
    const actual = firstCheck(await run([step('a', { verify: [one] })])).actual as { text: string }
    assert.ok(actual.text.isWellFormed())
  })
})
