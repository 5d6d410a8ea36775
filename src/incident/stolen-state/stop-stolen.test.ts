import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Deployment, deployment } from '../../drill/backup-subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import { RunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import standIn from '../../targets/stand-in.ts'
import { stillStopped, stopStolen } from './stop-stolen.ts'

const PARAMS = {
  'state-root': '/state',
  'master-key-file': '/nowhere/key',
  'stop-command': 'true',
  'stop-timeout': '1s',
}

/** @returns what was stopped by, and whether the tokens can be replaced afterwards */
async function stopping(exitCode: number, missing: string) {
  const ran: string[] = []
  const known: string[] = []
  const unreadable = async () => {
    throw new RunproofError('FILE_UNREADABLE', 'it is not there')
  }
  const context = {
    params: PARAMS,
    target: standIn,
    values: new CapturedValues(),
    run: { scratchDir: '/scratch' },
    tools: {
      files: {
        realPath: async (path: string) => (path === missing ? unreadable() : path),
        facts: async () => ({ type: 'directory' }),
        readSecret: unreadable,
        makeDirectory: async () => {},
      },
    },
    runIn: async (_: unknown, { argv }: { argv: readonly string[] }) => {
      ran.push(argv.join(' '))
      return { exitCode, timedOut: false }
    },
    set: ({ id }: { id: string }) => known.push(id),
  }
  const thrown = await stopStolen(context as unknown as StepContext).catch((error: RunproofError) => error.code)
  return { ran, thrown, tokensNext: known.includes(deployment.id) }
}

test('a daemon is stopped before anything that is only needed later is looked at', async () => {
  assert.deepEqual(await stopping(0, '/state'), { ran: ['true'], thrown: 'FILE_UNREADABLE', tokensNext: false })
  assert.deepEqual(await stopping(0, ''), { ran: ['true'], thrown: 'FILE_UNREADABLE', tokensNext: true })
})

test('a stop that failed keeps nobody from replacing the tokens', async () => {
  const { ran, tokensNext } = await stopping(1, '')
  assert.deepEqual([ran, tokensNext], [['true'], true])
})

test('a run that goes on is refused where somebody started the daemon again, and stops nothing', async () => {
  const ran: string[] = []
  let exitCode = 9
  const values = { now: new CapturedValues() }
  const context = {
    params: { ...PARAMS, 'master-key-file': undefined },
    target: standIn,
    get values() {
      return values.now
    },
    run: { scratchDir: '/scratch' },
    tools: {
      files: {
        realPath: async (path: string) => path,
        facts: async (path: string) => ({ type: path === '/state' ? 'directory' : 'file' }),
        makeDirectory: async () => {},
      },
    },
    runIn: async (_: unknown, { argv }: { argv: readonly string[] }) => {
      ran.push(argv[0]!)
      return { exitCode }
    },
    set: (capture: typeof deployment, value: Deployment) => {
      values.now = values.now.with(capture, value)
    },
  } as unknown as StepContext
  await assert.rejects(stillStopped(context), { message: /started a daemon on \/state again since the break/ })
  exitCode = 0
  await stillStopped(context)
  assert.deepEqual([ran, values.now.get(deployment).stateRoot], [['flock', 'flock'], '/state'])
})
