import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cmd } from '../model/command.ts'
import type { Role, Step } from '../model/runbook.ts'
import { memoryCommands, memoryTools, processClock } from '../testing/memory-tools.ts'
import type { Approver } from './authorise.ts'
import { check, type Given, never, run, step, write } from './testdata/small-run.ts'

const SECURITY: Role = 'security-owner'
const people = { operator: 'ada', roles: { 'security-owner': 'bob' } } as const
const yes =
  (by: string): Approver =>
  async () => ({ granted: true, by, how: 'answered yes', reason: 'it is on fire' })

describe('an approval', () => {
  const approvedBy = (approve: Approver, given: Given = {}) =>
    run([write('a', { role: SECURITY })], { real: true, people, approve, ...given })

  test('of whoever holds the role of the step has name, role, reason and deadline, in record and journal', async () => {
    const asked: unknown[] = []
    const result = await approvedBy(async (_step, _decision, { deadlineAt: _, ...who }) => {
      asked.push(who)
      return { granted: true, by: 'bob', how: 'answered yes', reason: 'it is on fire' }
    })
    assert.deepEqual(asked, [{ of: 'bob', role: SECURITY, other: true }])
    const { askedAt, deadlineAt, answeredAt, ...decision } = result.steps[0]!.decision!
    assert.deepEqual(decision, {
      verdict: 'allow',
      rule: 'default.write',
      approvedBy: 'bob',
      how: 'answered yes',
      role: SECURITY,
      reason: 'it is on fire',
    })
    assert.ok(askedAt !== undefined && deadlineAt !== undefined && answeredAt !== undefined)
    const [before, after] = result.journal.entries.filter(one => one.type.startsWith('approval-'))
    assert.deepEqual(before!.data, { step: 'a', rule: 'default.write', of: 'bob', role: SECURITY, deadlineAt })
    assert.deepEqual(after!.data, {
      step: 'a',
      granted: true,
      role: SECURITY,
      by: 'bob',
      how: 'answered yes',
      reason: 'it is on fire',
    })
    assert.deepEqual(result.roles, { 'security-owner': 'bob' })
  })

  for (const by of ['ada', 'flag', 'Bob', '']) {
    test(`of ${JSON.stringify(by)} is none where bob holds the role`, async () => {
      const result = await approvedBy(yes(by))
      assert.deepEqual(
        [result.outcome, result.steps[0]!.reason],
        ['denied', `default.write: ${by} answered, and bob holds the role ${SECURITY}`],
      )
    })
  }

  for (const reason of [{}, { reason: ' ' }]) {
    test(`without a reason (${JSON.stringify(reason)}) is none`, async () => {
      const result = await approvedBy(async () => ({ granted: true, by: 'bob', how: 'answered yes', ...reason }))
      assert.deepEqual(
        [result.outcome, result.steps[0]!.reason],
        ['denied', 'default.write: bob approved without a reason'],
      )
    })
  }

  test('is the operator’s where nobody else holds the role', async () => {
    const result = await approvedBy(yes('flag'), { people: { operator: 'ada', roles: { comms: 'eve' } } })
    assert.deepEqual([result.outcome, result.steps[0]!.decision!.role], ['passed', SECURITY])
  })

  test('that was not put on record was not asked for', async () => {
    let questions = 0
    const result = await run([write('a')], {
      real: true,
      full: entry => entry.type === 'approval-asked',
      approve: async () => {
        questions += 1
        return { granted: true, by: 'ada', how: 'answered yes' }
      },
    })
    assert.deepEqual([result.outcome, questions], ['errored', 0])
  })
})

describe('the time for an approval', () => {
  /** An answer during which clocks move. */
  async function answered(moves: { readonly wallMs: number; readonly awakeMs: number; readonly asleepMs?: number }) {
    let [wall, awake, asleep] = [Date.parse('2026-01-02T03:04:05.000Z'), 0, 0]
    const clock = { now: () => new Date(wall), monotonicMs: () => awake, sinceBootMs: () => awake + asleep }
    const approve: Approver = async () => {
      wall += moves.wallMs
      awake += moves.awakeMs
      asleep += moves.asleepMs ?? 0
      return { granted: true, by: 'ada', how: 'answered yes' }
    }
    const result = await run([write('a')], { real: true, approve, tools: memoryTools({ clock }) })
    return result.steps[0]!
  }
  const HOUR = 3_600_000

  test('is not over because a wall clock is set forward', async () => {
    const { outcome, decision } = await answered({ wallMs: 5 * HOUR, awakeMs: 1_000 })
    assert.deepEqual([outcome, decision!.deadlineAt], ['passed', '2026-01-02T03:19:05.000Z'])
  })

  test('is over although a wall clock is set back', async () => {
    const { outcome, reason, decision } = await answered({ wallMs: -5 * HOUR, awakeMs: 15 * 60_000 + 1 })
    assert.deepEqual([outcome, reason], ['denied', 'default.write: expired: no answer within 900000 ms'])
    assert.equal(decision!.answeredAt, undefined)
  })

  test('is not over while it lasts, although a wall clock is set back', async () => {
    assert.equal((await answered({ wallMs: -5 * HOUR, awakeMs: 15 * 60_000 })).outcome, 'passed')
  })

  test('is over for an answer that comes after the machine has slept it away', async () => {
    const { outcome, reason } = await answered({ wallMs: HOUR, awakeMs: 1_000, asleepMs: HOUR })
    assert.deepEqual([outcome, reason], ['denied', 'default.write: expired: no answer within 900000 ms'])
  })

  test('is over once the machine wakes up after it, although nobody answers', async t => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let asleep = 0
    const clock = { ...processClock, sinceBootMs: () => asleep }
    const approve: Approver = (_step, _decision, _asked, signal) => {
      t.mock.timers.tick(1_000)
      assert.equal(signal.aborted, false)
      asleep = HOUR
      t.mock.timers.tick(1_000)
      assert.equal(signal.aborted, true)
      return never()
    }
    const { outcomes, steps } = await run([write('a')], { real: true, approve, tools: memoryTools({ clock }) })
    assert.deepEqual([outcomes, steps[0]!.reason], [['denied'], 'default.write: expired: no answer within 900000 ms'])
  })
})

describe('a command that a rule forbids', () => {
  const loud = { id: 'no-curl', verdict: 'deny', argv: ['curl'], reason: 'it is loud', mayLoosen: false } as const
  /** A step that announces one command and runs another. */
  const running = (ran: string[], announced: readonly string[] = ['ls']) =>
    step('a', {
      run: {
        describe: 'looks',
        commands: announced,
        execute: async ({ runIn, tools }) => {
          await runIn(tools.commands, cmd`ls -l`)
          await runIn(tools.commands, cmd`curl http://away`)
          ran.push('after')
        },
      },
    })
  const tools = (ran: string[]) =>
    memoryTools({
      commands: memoryCommands(async argv => {
        ran.push(argv.join(' '))
        return 0
      }),
    })

  test('does not start although the step announced another one, and the run is denied by name', async () => {
    const ran: string[] = []
    const result = await run([running(ran), step('b')], { rules: [loud], tools: tools(ran) })
    assert.deepEqual([result.outcomes, ran], [['denied', 'skipped'], ['ls -l']])
    assert.equal(result.steps[0]!.error!.message, 'policy.no-curl denies curl http://away: it is loud')
    assert.deepEqual(
      result.steps[0]!.commands.map(one => one.command),
      ['ls -l'],
    )
    assert.deepEqual(
      result.journal.entries
        .filter(({ type }) => type.startsWith('command'))
        .map(({ type, data }) => [type, data['rule']]),
      [
        ['command', undefined],
        ['command-denied', 'policy.no-curl'],
      ],
    )
  })

  test('does not start when a rule asks for it, and nobody was asked', async () => {
    const ran: string[] = []
    const rules = [{ ...loud, verdict: 'ask' as const }]
    const result = await run([running(ran)], { rules, tools: tools(ran) })
    assert.deepEqual([result.outcomes, ran], [['denied'], ['ls -l']])
  })

  test('starts when it was announced, asked for and approved', async () => {
    const ran: string[] = []
    const rules = [{ ...loud, verdict: 'ask' as const }]
    const given = { rules, tools: tools(ran), approve: yes('ada'), people: { operator: 'ada', roles: {} } }
    const result = await run([running(ran, ['ls -l', 'curl <url>'])], given)
    assert.deepEqual([result.outcomes, ran], [['passed'], ['ls -l', 'curl http://away', 'after']])
  })

  test('does not start in a check either: the check is denied, not green', async () => {
    const ran: string[] = []
    const probing = check('x', {
      probe: async ({ runIn, tools }) => {
        await runIn(tools.commands, cmd`curl http://away`)
        return 1
      },
    })
    const result = await run([step('a', { verify: [probing] })], {
      rules: [{ ...loud, effects: ['read'] }],
      tools: tools(ran),
    })
    // What announces nothing may run anything: the rule has the step denied before.
    assert.deepEqual([result.outcomes, ran], [['denied'], []])
    const announces = step('a', { run: { describe: 'looks', commands: ['ls'], async execute() {} }, verify: [probing] })
    const second = await run([announces], { rules: [loud], tools: tools(ran) })
    assert.deepEqual([second.outcomes, second.steps[0]!.checks[0]!.outcome, ran], [['denied'], 'denied', []])
  })

  test('does not start to break a subject either: the counterproof proves nothing then', async () => {
    const ran: string[] = []
    const breaking = check('x', {
      counterproofs: [
        {
          id: 'loud',
          breaks: 'a copy, loudly',
          because: /x/,
          subject: async context => {
            await context.runIn(context.tools.commands, cmd`curl http://away`)
            return context
          },
        },
      ],
    })
    const announces = step('a', {
      run: { describe: 'looks', commands: ['ls'], async execute() {} },
      verify: [breaking],
    })
    const result = await run([announces], { rules: [loud], tools: tools(ran) })
    assert.deepEqual([result.outcomes, ran], [['unproven'], []])
    assert.match(result.steps[0]!.checks[0]!.counterproofs[0]!.said, /DENIED: policy.no-curl denies curl http:\/\/away/)
  })

  test('does not start where a rule allowed the step for another one, unasked', async () => {
    const ran: string[] = []
    const rules = [{ ...loud, verdict: 'allow', argv: ['ls'], targets: ['bare'], mayLoosen: true } as const]
    const acts = { ...running(ran), effect: 'write', resume: 'repeatable', irreversible: 'a test' } as Step
    const result = await run([acts], { rules, real: true, tools: tools(ran) })
    assert.deepEqual([result.outcomes, ran], [['denied'], ['ls -l']])
    assert.match(
      result.steps[0]!.reason!,
      /policy.no-curl allowed what the step announced, and curl http:\/\/away is not that/,
    )
  })
})
