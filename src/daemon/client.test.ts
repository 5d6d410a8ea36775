import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckContext } from '../model/check.ts'
import type { RunResult } from '../model/run-command.ts'
import { bareTarget } from '../testing/memory-tools.ts'
import { client } from './client.ts'

/** Where every command ends like that. */
function ending(result: Partial<RunResult>): CheckContext {
  return {
    deadlineMs: 1_000,
    signal: new AbortController().signal,
    target: bareTarget({ client: (_, words) => ({ argv: ['client', ...words] }), unreachableExit: 3 }),
    values: { get: () => ({ instance: { place: { baseUrl: 'http://x' } }, binary: '/x', adminTokenFile: '/keys/x' }) },
    runIn: async () => ({ exitCode: 0, stdout: '', stderr: '', timedOut: false, ...result }),
  } as unknown as CheckContext
}

const run = (result: Partial<RunResult>) => client(ending(result), ['status', '--all'], document => document)

test('a client command gives what was printed, with any answer of the daemon', async () => {
  assert.deepEqual(await run({ stdout: '{"a":1}' }), { exitCode: 0, stderr: '', view: { a: 1 } })
  assert.deepEqual(await run({ exitCode: 4, stderr: 'no' }), { exitCode: 4, stderr: 'no', view: undefined })
})

test('a client command that could not reach the daemon has no answer, which is not a no', async () => {
  await assert.rejects(run({ exitCode: 3 }), {
    code: 'TARGET_UNREACHABLE',
    message: 'status --all could not reach the daemon: exit 3',
  })
  await assert.rejects(run({ timedOut: true }), { code: 'TIMEOUT' })
})
