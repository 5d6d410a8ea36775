import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keptCapture } from '../../src/model/capture.ts'
import { type AnyCheck, defineCheck, failed, passed } from '../../src/model/check.ts'
import { defineRunbook } from '../../src/model/runbook.ts'

const one: AnyCheck = defineCheck<number>({
  id: 'one',
  title: 'one is one',
  probe: async () => 1,
  judge: value => (value === 1 ? passed() : failed('it is not one', { actual: value })),
  counterproofs: [{ id: 'two', breaks: 'a two', because: /not one/, observation: () => 2 }],
})

const door = keptCapture<string>('door', 'the file that stands for the door')

/** A small incident: a door is closed, a person calls somebody, and it is looked at. `log` is a directory. */
export default defineRunbook({
  id: 'incident',
  title: 'A door was left open',
  purpose: 'containment',
  params: { log: { describe: 'a directory', required: true } },
  secrets: ['token'],
  inUse: ({ params }) => (params['log']!.endsWith('in-use') ? 'somebody uses it' : undefined),
  snapshot: {
    describe: 'what the door looks like',
    async execute({ run, params }) {
      writeFileSync(join(run.artifactsDir, 'door.txt'), `seen in ${params['log']}\n`)
    },
  },
  steps: () => [
    {
      id: 'close',
      title: 'Close the door',
      effect: 'write',
      timeoutMs: 10_000,
      yields: [door],
      role: 'operator',
      run: {
        describe: 'close the door, and keep it closed',
        async execute({ params, set }) {
          writeFileSync(join(params['log']!, 'closed'), '')
          set(door, join(params['log']!, 'closed'))
        },
      },
      undo: {
        describe: 'open the door again',
        async execute({ values }) {
          rmSync(values.get(door))
        },
      },
      resume: 'repeatable',
      verify: [one],
    },
    {
      id: 'call',
      title: 'Call whoever has the keys',
      effect: 'write',
      timeoutMs: 10_000,
      role: 'security-owner',
      run: {
        instruction: 'Call whoever has the keys',
        confirm: 'All keys are back',
        attachment: 'a list of the keys',
      },
      irreversible: 'what was said was said',
      resume: 'once',
      verify: [],
    },
    {
      id: 'look',
      title: 'Look at the door',
      effect: 'read',
      timeoutMs: 10_000,
      run: { describe: 'look', async execute() {} },
      verify: [one],
    },
  ],
})
