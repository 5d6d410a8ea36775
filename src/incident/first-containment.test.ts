import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Daemon, daemon } from '../daemon/subjects.ts'
import { CapturedValues } from '../model/capture.ts'
import type { AnyCheck } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import standIn from '../targets/stand-in.ts'
import { firstContainment } from './first-containment.ts'

const step = firstContainment({ params: {}, target: standIn }, {} as AnyCheck)
const tried: string[] = []
const context = {
  target: standIn,
  deadlineMs: 1_000,
  signal: new AbortController().signal,
  values: new CapturedValues().with(daemon, {
    instance: { place: { baseUrl: 'http://127.0.0.1:1' } },
    binary: '/d',
    adminTokenFile: '/t',
  } as unknown as Daemon),
  runIn: async (_: unknown, { argv }: { argv: readonly string[] }) => {
    tried.push(argv.at(-1)!)
    throw new RunproofError('TIMEOUT', 'it hangs')
  },
} as unknown as StepContext

test('a mode that cannot be set keeps nobody from turning debug capture off, and both are named', async () => {
  assert.ok('execute' in step.run)
  const { message } = await step.run.execute(context).then(() => assert.fail(), toRunproofError)
  assert.deepEqual(tried, ['dont-ask', 'off'])
  assert.match(
    message,
    /permission mode was not set to dont-ask: TIMEOUT.*; the debug level was not set to off: TIMEOUT/,
  )
})

test('settings that nobody noted are not called taken back', async () => {
  assert.ok('undo' in step)
  await assert.rejects(step.undo.execute(context), { message: /nothing was taken back/ })
})
