import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineRunbook, type Step } from '../model/runbook.ts'
import { type PlannedWay, type RunbookPage, renderRunbookPage } from './runbook-page.ts'

const set: Step = {
  id: 'set',
  title: 'Overwrite <the> slot',
  effect: 'write',
  docs: { page: 'keys', command: 'set <slot> --stdin' },
  timeoutMs: 1,
  run: {
    describe: 'store the new value',
    commands: ['deployctl set main --stdin', 'deployctl serve …'],
    async execute() {},
  },
  irreversible: 'the old key cannot be read back',
  resume: 'repeatable',
  verify: [
    {
      id: 'slot-updated',
      title: '`get` shows a new time',
      probe: async () => 1,
      judge: () => ({ outcome: 'passed' }),
      counterproofs: [
        { id: 'same', breaks: 'the time is the *old* one', because: /old/, observation: () => 2 },
        { id: 'gone', breaks: 'the slot is gone', because: /gone/, subject: async () => undefined as never },
      ],
    },
  ],
}
const runbook = defineRunbook({
  id: 'rotate',
  title: 'Replace a key',
  purpose: 'rotation',
  params: { slot: { describe: 'a|b', example: 'main' }, wait: { describe: 'how long', default: '5s' } },
  secrets: ['new-key'],
  steps: () => [set],
})
const own: PlannedWay = {
  title: 'On the stand-in',
  command: 'bin/runproof run rotate',
  steps: [
    { step: set, policy: 'allow', cited: { file: 'docs/keys.md', line: 20, column: 1, endLine: 20, endColumn: 9 } },
  ],
  limits: ['what the provider says'],
  inUse: undefined,
}
const page = (more: Partial<RunbookPage> = {}) =>
  renderRunbookPage({
    runbook,
    source: 'rotate.ts',
    program: 'deployctl',
    ways: [own],
    linkTo: file => `../${file}`,
    ...more,
  })

describe('the page of a runbook', () => {
  test('says everything that its plan does, and the same each time', () => {
    assert.equal(page(), page())
    assert.equal(
      page(),
      `---
title: "rotate: Replace a key"
program: deployctl
---

<!-- Made of rotate.ts by \`runproof docs write\`. Changes are made there. -->

# rotate: Replace a key

Purpose: rotation. Some of its steps write. Below each check stands what has to turn it red: an *observation* that its judge is given, or its *subject*, broken for real on a copy. What does not turn it red makes the run unproven.

## How to run it

\`\`\`bash
bin/runproof run rotate
bin/runproof plan rotate
\`\`\`

The first line runs it on the stand-in, the second shows what it would do and runs nothing.

## Parameters

| parameter | what | value |
| --- | --- | --- |
| \`slot=\` | a\\|b | for example \`main\` |
| \`wait=\` | how long | \`5s\` unless given |

Secrets that can be given by name: \`new-key\`.

## On the stand-in

### 1. Overwrite \\<the\\> slot

\`set\`: effect write, policy allow.

Store the new value.

\`\`\`bash
deployctl set main --stdin
deployctl serve ...
\`\`\`

Documented: [keys](../docs/keys.md), line 20: \`set <slot> --stdin\`.

No undo: the old key cannot be read back.

- \`get\` shows a new time (\`slot-updated\`)
  - observation: the time is the \\*old\\* one
  - subject: the slot is gone

Not tested this way:

- what the provider says
`,
    )
  })

  test('shows of another way what is different there', () => {
    const running: PlannedWay = {
      ...own,
      title: 'On a running daemon',
      command: 'bin/runproof run rotate --target real',
      inUse: 'people use it',
      steps: [own.steps[0], { ...own.steps[0], step: { ...set, id: 'again', title: 'Once more' }, policy: 'ask' }],
      limits: [],
    }
    const text = page({ ways: [own, running] })
    const other = text.slice(text.indexOf('## On a running daemon'))
    assert.match(text, /In this order: on the stand-in; on a running daemon\./)
    assert.match(other, /^## On a running daemon\n\nSubjects are left alone this way \(people use it\)\.\n\n### 1/)
    assert.match(
      other,
      /### 1\. Overwrite \\<the\\> slot\n\nAs above\.\n\n### 2\. Once more\n\n`again`: effect write, policy ask\./,
    )
    assert.match(other, /- `get` shows a new time \(`slot-updated`\), broken as above\n$/)
    assert.doesNotMatch(other, /Not tested/)
  })

  test('says what undoes a step, and who acts where a person does', () => {
    const { irreversible: _, ...bare } = set as Extract<Step, { irreversible: string }>
    const undone = { ...bare, undo: { describe: 'put the old one back', async execute() {} } } as Step
    assert.match(
      page({ ways: [{ ...own, steps: [{ ...own.steps[0], step: undone }] }] }),
      /\nUndo: put the old one back\.\n/,
    )
    const run = { instruction: 'Call the provider', confirm: 'It was called', attachment: 'the ticket' }
    const manual = { ...set, role: 'comms', run, verify: [] } as Step
    assert.match(
      page({ ways: [{ ...own, steps: [{ ...own.steps[0], step: manual }] }] }),
      /, role comms\.\n+A person acts: Call the provider\.\n+Confirmed by name: It was called\.\n+To be attached: the ticket\./,
    )
  })

  test('goes without what there is none of', () => {
    const bare = defineRunbook({ id: 'bare', title: 'Bare', purpose: 'drill', params: {}, steps: () => [set] })
    const text = page({ runbook: bare })
    assert.match(text, /## Parameters\n\nIt takes none\.\n\nSecrets that can be given by name: none\./)
  })
})
