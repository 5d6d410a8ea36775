import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Daemon, daemon } from '../daemon/subjects.ts'
import { CapturedValues } from '../model/capture.ts'
import type { AnyCheck } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import kheish from '../targets/kheish.ts'
import standIn from '../targets/stand-in.ts'
import { firstContainment } from './first-containment.ts'
import { incidentConflict } from './params.ts'
import { leakedTokenConflict } from './scenarios/leaked-token-params.ts'

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

test('both are set over HTTP where there is no client', async () => {
  const asked: string[] = []
  const request = async (path: string, { method, body }: { method: string; body: string }) => {
    asked.push(`${method} ${path} ${body}`)
    return { status: path.endsWith('debug-level') ? 500 : 200 }
  }
  const values = new CapturedValues().with(daemon, { instance: { request } } as unknown as Daemon)
  const without = { ...context, values } as StepContext
  assert.ok('execute' in step.run)
  const { message } = await step.run.execute(without).then(() => assert.fail(), toRunproofError)
  assert.deepEqual(asked, [
    'POST /v1/runtime/permission-mode {"mode":"dontAsk"}',
    'POST /v1/runtime/debug-level {"level":"off"}',
  ])
  assert.match(message, /^the debug level was not set to off: \/v1\/runtime\/debug-level answered 500$/)
})

test('only what needs the client takes one', () => {
  const params = { 'base-url': 'http://127.0.0.1:4000', 'admin-token-file': '/keys/admin' }
  assert.match(incidentConflict({ params, target: kheish })?.message ?? '', /no binary= says where it is/)
  assert.equal(leakedTokenConflict({ params, target: kheish }), undefined)
})

test('settings that nobody noted are not called taken back', async () => {
  assert.ok('undo' in step)
  await assert.rejects(step.undo.execute(context), { message: /nothing was taken back/ })
})
