import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { files } from '../../adapters/files.ts'
import { type Daemon, daemon } from '../../daemon/subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import type { StepContext } from '../../model/runbook.ts'
import { Secret } from '../../model/secret.ts'
import { memoryTools } from '../../testing/memory-tools.ts'
import { swapBegun } from './subjects.ts'
import { tellState } from './tell-state.ts'

const root = mkdtempSync(join(tmpdir(), 'tell-state-'))
after(() => rmSync(root, { recursive: true }))
const [file, otherFile] = [join(root, 'admin'), join(root, 'read-only')]
const secret = (value: string) => new Secret('token', value)

/** The last sentence, on what the daemon goes by, after a rotation that began to replace the file, or did not. */
async function toldOf(held: string, style: string, begun: boolean): Promise<string> {
  writeFileSync(file, held)
  writeFileSync(otherFile, 'the-other-token')
  const told: string[] = []
  const asked = { adminTokenFile: file, readonlyTokenFile: otherFile } as unknown as Daemon
  const values = new CapturedValues().with(daemon, asked)
  const context = {
    params: { style },
    run: { assume: (text: string) => told.push(text) },
    values: begun ? values.with(swapBegun, { file, at: '2026-01-02T03:04:05.678Z' }) : values,
    tools: memoryTools({ files }),
  } as unknown as StepContext
  const [from, to, other] = [secret('the-old-token'), secret('the-new-token'), secret('the-other-token')]
  await tellState(context, { role: 'admin', file, from, to, other, replaced: false }, undefined)
  return told.at(-1)!
}

test('a daemon is said to go by the old token only where it was given no other to read', async () => {
  const old = /goes by the old admin token, as before/
  const unknown = /has to be asked, with the one in .*admin: this run ended/
  assert.match(await toldOf('the-old-token', 'rename', false), old)
  assert.match(await toldOf('the-old-token', 'rename', true), old)
  assert.match(await toldOf('the-old-token', 'in-place', false), old)
  assert.match(await toldOf('the-old-token', 'in-place', true), unknown)
  assert.match(await toldOf('the-new-token', 'rename', true), unknown)
  assert.match(await toldOf('a-third-token', 'rename', false), unknown)
})
