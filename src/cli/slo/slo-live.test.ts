import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import standIn from '../../targets/stand-in.ts'
import { liveSamples } from './slo-live.ts'

test('samples are later one than the other although the clock of the machine is set back between them', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 2) })
  const root = mkdtempSync(join(tmpdir(), 'slo-live-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const tokenFile = join(root, 'token')
  writeFileSync(tokenFile, 'a-token-of-nobody')
  // Nobody has to listen there: that is what the samples say.
  const watched = { target: standIn, baseUrl: 'http://127.0.0.1:1', tokenFile, caFile: undefined, stateRoot: undefined }
  const instants: number[] = []
  for await (const { at } of liveSamples({ ...watched, intervalMs: 1, forMs: 60_000 }, new AbortController().signal)) {
    instants.push(Date.parse(at))
    if (instants.length === 3) break
    t.mock.timers.setTime(Date.UTC(2026, 0, 1))
  }
  assert.ok(instants[0]! < instants[1]! && instants[1]! < instants[2]!, instants.join())
})
