import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyCheck, type CheckContext, defineCheck, failed, passed } from '../../src/model/check.ts'
import { cmd } from '../../src/model/command.ts'
import { RunproofError } from '../../src/model/error.ts'
import { defineRunbook, type StepContext } from '../../src/model/runbook.ts'

const one: AnyCheck = defineCheck<number>({
  id: 'one',
  title: 'one is one',
  probe: async () => 1,
  judge: value => (value === 1 ? passed({ expected: 1, actual: 1 }) : failed('it is not one', { actual: value })),
  counterproofs: [{ id: 'two', breaks: 'a two', because: /not one/, observation: () => 2 }],
})

const never = () => new Promise<never>(() => setInterval(() => {}, 1_000))
const slow = ({ signal }: CheckContext) => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {}, 600_000)
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    reject(new RunproofError('INTERRUPTED', 'stopped'))
  })
  return promise
}

/** What each way does in its step, and how it is checked. Everything that was done is written into the work directory. */
const WAYS: Readonly<Record<string, { does?: (context: StepContext) => unknown; check?: Partial<AnyCheck> }>> = {
  passed: {},
  failed: { check: { probe: async () => 3 } },
  errored: { check: { probe: () => Promise.reject(new Error('lost')) } },
  unproven: {
    check: {
      counterproofs: [{ id: 'same', breaks: 'nothing', because: /never/, observation: (value: unknown) => value }],
    },
  },
  denied: { does: () => Promise.reject(new RunproofError('DENIED', 'this way is closed')) },
  leaked: {
    does: ({ tools, run, secrets }) => tools.files.write(join(run.artifactsDir, 'log'), secrets['token']!.reveal()),
  },
  telling: {
    does: ({ secrets }) => Promise.reject(new Error(`the token is ${secrets['token']!.reveal()}`)),
  },
  leftover: { does: ({ run }) => run.defer('a lamp', () => Promise.reject(new Error('it stays on'))) },
  stray: { does: () => void Promise.reject(new Error('nobody awaits this')) },
  open: { does: () => void setInterval(() => {}, 1_000) },
  hanging: { does: never },
  waiting: {
    does: async context => {
      context.run.defer('a lamp', async () => context.tools.files.write(join(context.params['log']!, 'off'), ''))
      process.stderr.write('waiting in the step\n')
      await slow(context)
    },
  },
  probing: {
    check: {
      probe: context => {
        process.stderr.write('waiting in the probe\n')
        return slow(context)
      },
    },
  },
  falsifying: {
    check: {
      counterproofs: [
        {
          id: 'slow',
          breaks: 'time',
          because: /never/,
          subject: context => {
            process.stderr.write('waiting in the counterproof\n')
            return slow(context)
          },
        },
      ],
    },
  },
  command: {
    does: ({ runIn, tools, params }) =>
      runIn(tools.commands, cmd`sh -c ${'echo $$ > "$0/pid"; exec sleep 600'} ${params['log']!}`),
  },
  releasing: {
    does: ({ run }) =>
      run.defer('a slow lamp', () => {
        process.stderr.write('waiting in the release\n')
        return never()
      }),
  },
  bad: { does: ({ run }) => run.fact('bad', { not: 'a fact' } as never) },
  link: { does: ({ run }) => symlinkSync('/etc/hostname', join(run.artifactsDir, 'link')) },
  big: {
    does: async ({ runIn, tools }) => {
      for (let index = 0; index < 400; index++) await runIn(tools.commands, cmd`true ${'x'.repeat(800)}`)
    },
  },
  filling: { does: ({ tools, run }) => tools.files.write(join(run.scratchDir, 'big'), Buffer.alloc(1 << 20)) },
  wide: {
    does: async ({ run }) => {
      writeFileSync(join(run.artifactsDir, 'wide.txt'), 'x')
      chmodSync(join(run.artifactsDir, 'wide.txt'), 0o666)
      chmodSync(run.artifactsDir, 0o755)
    },
  },
}

export default defineRunbook({
  id: 'ways',
  title: 'Ways to <end> & a run',
  purpose: 'drill',
  params: {
    way: { describe: 'how it ends', default: 'passed', refuse: way => (way in WAYS ? undefined : 'no such way') },
    log: { describe: 'where it writes what it did' },
    number: { describe: 'a number', example: '3', refuse: text => (/^\d+$/.test(text) ? undefined : 'not a number') },
  },
  secrets: ['token'],
  steps: ({ params }) => {
    const { does, check } = WAYS[params['way']!]!
    return [
      {
        id: 'only',
        title: 'The <only> step',
        effect: 'write',
        irreversible: 'it is a test',
        resume: 'repeatable',
        timeoutMs: params['way'] === 'hanging' ? 200 : 60_000,
        run: { describe: 'does what it is told', execute: async context => void (await does?.(context)) },
        verify: [{ ...one, ...check }],
      },
    ]
  },
})
