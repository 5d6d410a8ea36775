import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Scene } from '../../engine/conductor.ts'
import type { Step } from '../../model/runbook.ts'
import { endedLines, HELP, HELP_AFTER, KEYS, KEYS_AFTER, type Shown, screenLines } from './screen.ts'

const LONG = `/very/long/path/${'x'.repeat(200)}/end`
const step = {
  id: 'revoke',
  title: 'Revoke every session of the stolen token',
  effect: 'destroy',
  docs: { page: 'production-runbooks', command: 'sessions revoke <session>' },
  timeoutMs: 1,
  role: 'security-owner',
  run: {
    describe: 'revoke the sessions, one after the other',
    commands: [`kheish sessions revoke <session-id> --file ${LONG}`, 'kheish sessions list'],
    async execute() {},
  },
  resume: 'once',
  irreversible: 'a revoked session stays revoked',
  verify: [],
} as unknown as Step

const scene = (given: Partial<Scene> = {}): Scene => ({
  step,
  index: 2,
  steps: 14,
  decision: { verdict: 'ask', rule: 'policy.careful', confirm: 'prod', reason: 'it can not be taken back' },
  asked: { of: 'bob', role: 'security-owner', other: true },
  operator: 'ada',
  ...given,
})
const shown = (given: Partial<Shown> = {}): Shown => ({
  target: { id: 'prod', real: true },
  inUse: 'it runs',
  params: { 'session-id': 'abc' },
  cited: () => 'docs/operations/production-runbooks.md:107',
  artifactsDir: '/reports/.run-x/artifacts',
  columns: 80,
  redact: text => text,
  ...given,
})

describe('the screen before a step', () => {
  test('says what will run, why policy asks, what it changes, how to undo it, which page says so, and who is in charge', () => {
    assert.deepEqual(
      screenLines(
        scene({ step: { ...step, run: { ...step.run, commands: ['kheish revoke <session-id>'] } } as Step }),
        shown(),
      ),
      [
        '',
        '-'.repeat(79),
        'Step 3 of 14: Revoke every session of the stolen token',
        '',
        'step     revoke, effect destroy, on prod, real, in use',
        'changes  revoke the sessions, one after the other',
        'runs     $ kheish revoke abc',
        'policy   asks for the word prod: policy.careful, it can not be taken back',
        'undo     none: a revoked session stays revoked',
        'page     docs/operations/production-runbooks.md:107: sessions revoke <session>',
        'role     security-owner, held by bob',
        'operator ada',
        '',
      ],
    )
  })

  test('says by which commands it is taken back', () => {
    const { irreversible: _, ...rest } = step as Extract<Step, { irreversible: string }>
    const undo = { describe: 'let them in again', commands: ['kheish allow <session-id>'], async execute() {} }
    const lines = screenLines(scene({ step: { ...rest, undo } as unknown as Step }), shown())
    assert.match(lines.join('\n'), /\nundo {5}let them in again\n {9}\$ kheish allow abc\npage /)
  })

  test('says where artifacts/ is before the first step, and where somebody has to read there', () => {
    const says = (given: Scene) =>
      screenLines(given, shown()).includes('files    artifacts/ is /reports/.run-x/artifacts')
    const instruction = 'Read artifacts/sweep.md. For each finding say: ours, or not.'
    const read = { ...step, effect: 'read', run: { instruction, confirm: 'read' } } as unknown as Step
    assert.deepEqual([scene({ index: 0 }), scene(), scene({ step: read })].map(says), [true, false, true])
  })

  for (const columns of [40, 80, undefined, 20, 300]) {
    test(`fits a terminal of ${columns} columns, and cuts nothing off`, () => {
      const lines = screenLines(scene(), shown({ columns }))
      const width = Math.min(Math.max(columns ?? 80, 40), 100)
      for (const line of lines) assert.ok(line.length < width, `${line.length}: ${line}`)
      assert.ok(
        lines
          .map(line => line.slice(9))
          .join('')
          .includes('x'.repeat(200)),
      )
    })
  }

  test('lets nothing act on the terminal, and shows no secret', () => {
    const title = 'Look\u001b[2J\nhere hunter22'
    const lines = screenLines(
      scene({ step: { ...step, title } as Step }),
      shown({ redact: text => text.replace('hunter22', '[secret x]') }),
    )
    const text = lines.join('\n')
    assert.ok(!text.includes('\u001b'))
    assert.ok(text.includes('[secret x]') && !text.includes('hunter22'), text)
  })

  test('shows no secret in parts, however it would fall apart into lines', () => {
    const secret = `${'k'.repeat(90)}-of two words`
    const redact = (text: string) => text.replaceAll(secret, '[secret x]')
    const run = { describe: `send ${secret}`, commands: [`send ${secret} away`], async execute() {} }
    const ended = { outcome: 'failed', reason: `it answered ${secret}` }
    for (const columns of [40, 80])
      for (const lines of [
        screenLines(scene({ step: { ...step, title: `Send ${secret}`, run } as Step }), shown({ columns, redact })),
        endedLines(scene({ ended }), shown({ columns, redact })),
      ]) {
        assert.doesNotMatch(lines.join('\n'), /kkkk/)
        assert.match(lines.join('\n'), /\[secret x\]/)
      }
  })

  test('tells a person what to do by hand, and what to attach', () => {
    const run = { instruction: 'Call the provider', confirm: 'It is revoked', attachment: 'the ticket' }
    const text = screenLines(scene({ step: { ...step, run, effect: 'write' } as Step }), shown()).join('\n')
    assert.match(text, /changes {2}by hand: Call the provider\nchanges {2}to be attached: the ticket\n/)
    assert.match(text, /policy {3}a person acts and confirms it/)
    assert.doesNotMatch(text, /^runs/m)
  })

  test('says of a step that failed why, and what it would mean to try it again', () => {
    const ended = { outcome: 'failed', reason: 'failed: the token is still accepted' }
    const text = endedLines(scene({ ended }), shown()).join('\n')
    assert.match(text, /Step 3 of 14 is FAILED: Revoke every session of the stolen token\n/)
    assert.match(text, /why {6}failed: the token is still accepted\nagain {4}it must not be done twice/)
  })

  test('has its keys and its help in 80 columns', () => {
    for (const line of [KEYS, KEYS_AFTER, ...HELP, ...HELP_AFTER]) assert.ok(line.length < 80, line)
  })
})
