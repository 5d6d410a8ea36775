import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Daemon, daemon } from '../../daemon/subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import type { Answer } from '../../model/http.ts'
import standIn from '../../targets/stand-in.ts'
import { newestRuns } from './newest-runs.ts'

/** A daemon that gives a hundred at once, whatever it is asked for. */
function contextWith(total: number, asked: string[]): CheckContext {
  const run = (number: number) => ({
    run_id: `run-${number}`,
    session_id: 's',
    status: 'completed',
    updated_at_ms: number,
  })
  const newestFirst = Array.from({ length: total }, (_, index) => run(total - index))
  const request = async (path: string): Promise<Answer> => {
    asked.push(path)
    const from = Number(new URL(path, 'http://h').searchParams.get('cursor') ?? '0')
    const items = newestFirst.slice(from, from + 100)
    const next = from + 100 < total ? { next_cursor: String(from + 100) } : {}
    const text = JSON.stringify({ items, pagination: { total_count: total, ...next } })
    return { status: 200, headers: { 'content-type': 'application/json' }, text } as unknown as Answer
  }
  const reached = { reached: 'running', instance: { request } } as unknown as Daemon
  return {
    target: standIn,
    values: new CapturedValues().with(daemon, reached),
    signal: new AbortController().signal,
    deadlineMs: 1_000,
  } as unknown as CheckContext
}

test('runs are asked for page by page, the newest first, until there are enough or no more', async () => {
  const asked: string[] = []
  const enough = await newestRuns(contextWith(730, asked), 250)
  assert.deepEqual([enough.runs.length, enough.runs[0]!.id, enough.total, asked.length], [250, 'run-730', 730, 3])
  const all = await newestRuns(contextWith(120, []), 250)
  assert.deepEqual([all.documents.length, all.runs.at(-1)!.id, all.total], [120, 'run-1', 120])
  assert.deepEqual((await newestRuns(contextWith(0, []), 250)).runs, [])
})
