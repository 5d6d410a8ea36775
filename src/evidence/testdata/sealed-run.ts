import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { leakScan } from '../../adapters/leak-scan.ts'
import type { Secret } from '../../model/secret.ts'
import html from '../../reporters/html.ts'
import junit from '../../reporters/junit.ts'
import { processClock } from '../../testing/memory-tools.ts'
import { signerOf } from '../envelope.ts'
import { openJournal } from '../journal-file.ts'
import { type SealInput, seal, type Unsealed } from '../seal.ts'

export const VERSION = '9.9.9'
export const reports = [html, junit]

export function newSigner() {
  return signerOf(generateKeyPairSync('ed25519').privateKey)
}

export const unsealed: Unsealed = {
  schema: 'runproof-evidence-2',
  runId: 'book-1',
  tool: { name: 'runproof', version: VERSION, node: process.versions.node },
  runbook: { id: 'book', title: 'A book', purpose: 'drill', sha256: '0'.repeat(64) },
  target: { id: 'bare', title: 'A bare target', real: false },
  operator: { user: 'ada', host: 'here' },
  machine: { platform: 'linux', kernel: '6', cpus: 2, barrier: 'none' },
  params: {},
  secretNames: [],
  counterproofs: 'all',
  outcome: 'passed',
  startedAt: '2026-01-02T03:04:05.678Z',
  endedAt: '2026-01-02T03:04:06.678Z',
  durationMs: 1_000,
  steps: [
    {
      id: 'a',
      title: 'Step a',
      effect: 'read',
      outcome: 'passed',
      commands: [{ command: 'look', exitCode: 0, durationMs: 3 }],
      durationMs: 4,
      counterproofsMs: 1,
      checks: [
        {
          id: 'one',
          title: 'one is one',
          outcome: 'passed',
          expected: 1,
          actual: 1,
          durationMs: 1,
          counterproofs: [
            { id: 'two', breaks: 'a two', on: 'observation', outcome: 'red', said: 'two', durationMs: 1 },
          ],
        },
      ],
    },
  ],
  released: [],
  allowedSkips: [],
  facts: { 'number of things': 3 },
  notTested: ['the moon'],
  assumptions: [],
}

/** A directory as a run leaves it before it is sealed: a journal and two artefacts, one of them in a directory of its own. */
export function runDirectory() {
  const root = mkdtempSync(join(tmpdir(), 'runproof-seal-'))
  const runDir = join(root, '.run-book-1')
  mkdirSync(join(runDir, 'artifacts', 'deep'), { recursive: true, mode: 0o700 })
  writeFileSync(join(runDir, 'artifacts', 'a.txt'), 'an artefact\n')
  writeFileSync(join(runDir, 'artifacts', 'deep', 'b.bin'), randomBytes(40))
  const journal = openJournal(join(runDir, 'journal.jsonl'), processClock, text => text)
  journal.append('run-started', { runId: 'book-1' })
  journal.append('run-ended', { outcome: 'passed' })
  chmodSync(join(runDir, 'artifacts', 'a.txt'), 0o644)
  return { root, runDir, finalDir: join(root, 'book-1'), journal: journal.close() }
}

export type RunDirectory = ReturnType<typeof runDirectory>

export async function sealRun(run: RunDirectory, given: Partial<SealInput> & { secrets?: readonly Secret[] } = {}) {
  const { runDir, finalDir, journal } = run
  return seal({
    run: unsealed,
    runDir,
    finalDir,
    journal: { sha256: await files.sha256(join(runDir, 'journal.jsonl')), ...journal },
    secrets: [],
    reports,
    files,
    leaks: leakScan,
    signer: newSigner(),
    publish: async (from, to) => renameSync(from, to),
    ...given,
  })
}

export const listed = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
