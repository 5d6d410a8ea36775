import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { capture, keptCapture } from '../../../src/model/capture.ts'
import { type AnyCheck, defineCheck, failed, passed } from '../../../src/model/check.ts'
import { RunproofError } from '../../../src/model/error.ts'
import { defineRunbook, type Params, type Step, type StepContext } from '../../../src/model/runbook.ts'

/** Measured before anything is changed: measured again, it would be another. */
const base = keptCapture<{ readonly level: string }>('base', 'the level before the change')
/** Ends with its process. */
const handle = capture<{ readonly opened: string }>('handle', 'what was opened')

const at = (params: Params, name: string) => join(params.dir!, name)

export function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** An execution that no kill can take back. */
export function logged(dir: string, line: string): void {
  const descriptor = openSync(join(dir, 'log'), 'a')
  writeSync(descriptor, `${line}\n`)
  fsyncSync(descriptor)
  closeSync(descriptor)
}

function holds(id: string, name: string, expected: string): AnyCheck {
  return defineCheck<string>({
    id,
    title: `${name} holds ${expected}`,
    probe: async ({ params }) => textOf(at(params, name)),
    judge: text => (text === expected ? passed() : failed(`it holds ${text}`)),
    counterproofs: [
      { id: `${id}-other`, breaks: 'it holds something else', because: /else/, observation: () => 'else' },
    ],
  })
}

const is = (id: string, title: string, ask: (context: Parameters<AnyCheck['probe']>[0]) => boolean): AnyCheck =>
  defineCheck<boolean>({
    id,
    title,
    probe: async context => ask(context),
    judge: yes => (yes ? passed() : failed('no')),
    counterproofs: [{ id: `${id}-not`, breaks: 'it is not so', because: /no/, observation: () => false }],
  })

/** Waits where the parameter says so: until it is killed or interrupted, or somebody makes the file `go-on`. */
async function act({ params, signal }: StepContext, id: string, change: () => void): Promise<void> {
  logged(params.dir!, id)
  if (params['stop-before'] === id) await goOn(params, signal, id)
  change()
  if (params['stop-after'] === id) await goOn(params, signal, id)
}

async function goOn(params: Params, signal: AbortSignal, id: string): Promise<void> {
  process.stderr.write(`stopped at ${id}\n`)
  while (!existsSync(at(params, 'go-on'))) {
    if (signal.aborted) throw new RunproofError('INTERRUPTED', `stopped at ${id}`)
    await delay(10)
  }
}

const step = (id: string, more: Partial<Step>): Step =>
  ({ id, title: `Step ${id}`, timeoutMs: 60_000, effect: 'read', ...more }) as Step

/** One step of each kind, between steps that only look. Its effects are files in `dir`; `log` has a line for each execution. */
export default defineRunbook({
  id: 'break-off',
  title: 'Steps of all kinds, whose executions are counted',
  purpose: 'containment',
  params: {
    dir: { describe: 'where the effects go', required: true },
    'stop-before': { describe: 'the step that waits before it changes anything' },
    'stop-after': { describe: 'the step that waits when it has changed something' },
    resumable: { describe: 'no: it can not be gone on with', default: 'yes' },
  },
  secrets: ['given'],
  unresumable: ({ params }) => (params.resumable === 'no' ? 'it was told so' : undefined),
  steps: () => [
    step('measure', {
      yields: [base],
      run: {
        describe: 'reads the level',
        async execute(context) {
          const { params } = context
          await act(context, 'measure', () => {})
          context.set(base, { level: textOf(at(params, 'level')) || 'first' })
          context.run.fact('level', context.values.get(base).level)
        },
      },
      verify: [is('base-known', 'The level is the first one', ({ values }) => values.get(base).level === 'first')],
    }),
    step('level', {
      effect: 'write',
      resume: 'repeatable',
      irreversible: 'a test',
      run: {
        describe: 'writes another level',
        execute: context => act(context, 'level', () => writeFileSync(at(context.params, 'level'), 'second')),
      },
      verify: [holds('level-written', 'level', 'second')],
    } as Partial<Step>),
    step('swap', {
      effect: 'write',
      resume: 'check-first',
      irreversible: 'a test',
      run: {
        describe: 'puts the new one in the place of the old one, which must be there',
        execute: context =>
          act(context, 'swap', () => {
            const file = at(context.params, 'token')
            if (textOf(file) === 'new') throw new RunproofError('INTERNAL', 'it was swapped before')
            writeFileSync(file, 'new')
          }),
      },
      tookEffect: async ({ params }: StepContext) => textOf(at(params, 'token')) === 'new',
      verify: [holds('swapped', 'token', 'new')],
    } as Partial<Step>),
    step('look', {
      run: { describe: 'looks', execute: context => act(context, 'look', () => {}) },
      verify: [holds('swapped-still', 'token', 'new')],
    }),
    step('send', {
      effect: 'destroy',
      resume: 'once',
      irreversible: 'what was sent is sent',
      run: {
        describe: 'sends a message',
        execute: context => act(context, 'send', () => appendFileSync(at(context.params, 'sent'), 'message\n')),
      },
      verify: [holds('sent', 'sent', 'message\n')],
    } as Partial<Step>),
    step('open', {
      effect: 'write',
      resume: 'repeatable',
      irreversible: 'a test',
      yields: [handle],
      run: {
        describe: 'opens something that ends with the process',
        async execute(context) {
          await act(context, 'open', () => {
            mkdirSync(at(context.params, 'opened'), { recursive: true })
            writeFileSync(join(context.run.artifactsDir, 'opened.txt'), 'opened\n')
          })
          context.set(handle, { opened: 'here' })
        },
      },
      reestablish: async context => {
        logged(context.params.dir!, 'reopen')
        context.set(handle, { opened: 'again' })
      },
      verify: [is('opened', 'It is open', ({ values }) => values.find(handle) !== undefined)],
    } as Partial<Step>),
    step('use', {
      run: { describe: 'uses it', execute: context => act(context, 'use', () => void context.values.get(handle)) },
      verify: [
        is(
          'in-use',
          'What was measured is still known, and what was opened is open',
          ({ values }) => values.get(base).level === 'first' && values.get(handle) !== undefined,
        ),
      ],
    }),
  ],
})
