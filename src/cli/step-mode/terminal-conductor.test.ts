import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import type { Scene } from '../../engine/conductor.ts'
import type { Step } from '../../model/runbook.ts'
import { LineInput } from './line-input.ts'
import { terminalConductor } from './terminal-conductor.ts'

const signal = new AbortController().signal
const KEYS = 'r run  s skip  u undo  e evidence  n note  h hand over  q stop  ? help\n> '

/** A conductor whose terminal answers by what it is asked. */
function answering(answers: readonly (readonly [string, string])[]) {
  const input = new PassThrough()
  const output = new PassThrough()
  const left = [...answers]
  let shown = ''
  let seen = 0
  output.setEncoding('utf8').on('data', text => {
    shown += text
    const [prompt, answer] = left[0] ?? ['\u0000', '']
    if (!shown.includes(prompt, seen)) return
    seen = shown.length
    left.shift()
    input.write(`${answer}\n`)
  })
  const lines = new LineInput(input, output)
  const shownBy = {
    target: { id: 'prod', real: true },
    inUse: undefined,
    params: {},
    cited: () => undefined,
    artifactsDir: '/reports/.run-x/artifacts',
    columns: 80,
    redact: (text: string) => text.replaceAll('hunter22', '[secret x]'),
  }
  const conductor = terminalConductor(lines, output, () => shownBy)
  return { conductor, said: () => shown, lines }
}

const scene = (given: Partial<Scene> = {}, step: Partial<Step> = {}): Scene => ({
  step: {
    id: 'a',
    title: 'A',
    effect: 'write',
    timeoutMs: 1,
    run: { describe: 'a', async execute() {} },
    resume: 'once',
    irreversible: 'a test',
    verify: [],
    ...step,
  } as unknown as Step,
  index: 0,
  steps: 1,
  decision: { verdict: 'allow', rule: 'default.stand-in' },
  asked: { of: 'ada', other: false },
  operator: 'ada',
  ...given,
})

describe('a person who chooses at a terminal', () => {
  const ended = { outcome: 'failed', reason: 'it is open' }
  const choices: readonly [string, readonly (readonly [string, string])[], Partial<Scene>, object][] = [
    ['runs by a letter of either case', [['? help\n> ', 'R']], {}, { do: 'run' }],
    [
      'does nothing by another letter, and is told so',
      [
        ['? help\n> ', 'run'],
        [`run is no key here, nothing was done. ? tells what there is.\n${KEYS}`, 'r'],
      ],
      {},
      { do: 'run' },
    ],
    [
      'leaves nothing out without a reason',
      [
        ['? help\n> ', 's'],
        ['Why is it left out? ', ''],
        ['? help\n> ', 'r'],
      ],
      {},
      { do: 'run' },
    ],
    [
      'takes nothing back without a yes, nor where there is nothing',
      [
        ['? help\n> ', 'u'],
        ['Take it back? ', 'n'],
        ['? help\n> ', 'u'],
        ['Take it back? ', 'y'],
      ],
      { undo: { step: 'z', describe: 'z: close it', whole: false } },
      { do: 'undo' },
    ],
    [
      'hands over only to a name, and a role that there is',
      [
        ['? help\n> ', 'h'],
        ['Who takes over', 'flag'],
        ['? help\n> ', 'h'],
        ['Who takes over', 'eve'],
        ['Which role? ', 'boss'],
        ['boss is no role.\nWhich role? ', 'comms'],
      ],
      {},
      { do: 'hand-over', to: 'eve', role: 'comms' },
    ],
    [
      'hands nothing over to whoever has it, nor to a word that refuses',
      [
        ['? help\n> ', 'h'],
        ['Who takes over', 'No'],
        [`refuses by this word. Nothing was handed over.\n${KEYS}`, 'h'],
        ['Who takes over', 'ada'],
        ['Which role? ', ''],
        [`ada is at this keyboard already. Nothing was handed over.\n${KEYS}`, 'r'],
      ],
      {},
      { do: 'run' },
    ],
    [
      'stops only after a yes',
      [
        ['? help\n> ', 'q'],
        ['Stop the run here?', ''],
        ['? help\n> ', 'q'],
        ['Stop the run here?', 'y'],
      ],
      {},
      { do: 'stop' },
    ],
    [
      'does nothing twice that must not be, unless it is known that it was not done',
      [
        ['? help\n> ', 'r'],
        ['must not be done twice. Did', ''],
        ['? help\n> ', 'r'],
        ['must not be done twice. Did', 'y'],
      ],
      { ended },
      { do: 'run' },
    ],
    [
      'goes on without what failed, with a reason',
      [
        ['? help\n> ', 's'],
        ['Why go on without it? ', 'the firewall holds'],
      ],
      { ended },
      { do: 'skip', reason: 'the firewall holds' },
    ],
  ]
  for (const [title, answers, given, choice] of choices) {
    test(title, async () => {
      const { conductor, lines } = answering(answers)
      assert.deepEqual(await conductor.choose(scene(given), signal), choice)
      lines[Symbol.dispose]()
    })
  }

  test('has a step that can be repeated tried again by one key', async () => {
    const { conductor, lines } = answering([['? help\n> ', 'r']])
    assert.deepEqual(await conductor.choose(scene({ ended }, { resume: 'repeatable' } as Partial<Step>), signal), {
      do: 'run',
    })
    lines[Symbol.dispose]()
  })

  test('is shown a step once, and reminded of it afterwards', async () => {
    const { conductor, said, lines } = answering([
      ['? help\n> ', 'n'],
      ['Note ', 'x'],
      [`Still before step 1 of 1.\n${KEYS}`, ''],
      [`Nothing was typed.\n${KEYS}`, 'r'],
    ])
    assert.deepEqual(await conductor.choose(scene(), signal), { do: 'note', text: 'x' })
    assert.deepEqual(await conductor.choose(scene(), signal), { do: 'run' })
    assert.equal(said().split('Step 1 of 1: A').length, 2)
    lines[Symbol.dispose]()
  })

  test('is told nothing with a secret in it', () => {
    const { conductor, said, lines } = answering([])
    conductor.tell('not taken back: it answered hunter22')
    assert.match(said(), /it answered \[secret x\]\n$/)
    lines[Symbol.dispose]()
  })
})
