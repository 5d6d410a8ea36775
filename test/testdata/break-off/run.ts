import { appendFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { clock } from '../../../src/adapters/clock.ts'
import { refuseTakenOver } from '../../../src/adapters/process/resume-lock.ts'
import { findBrokenRun } from '../../../src/cli/resume/broken-run.ts'
import { resumingFrom } from '../../../src/cli/resume/go-on-with.ts'
import { originOf } from '../../../src/cli/resume/origin.ts'
import { settleSteps } from '../../../src/cli/resume/settle.ts'
import { nextRunId, takeOver } from '../../../src/cli/resume/take-over.ts'
import { execute } from '../../../src/engine/execute.ts'
import type { Resuming } from '../../../src/engine/pick-up.ts'
import { plan } from '../../../src/engine/plan.ts'
import type { ExecuteInput, RunResult } from '../../../src/engine/run-input.ts'
import { continueJournal, type JournalFile, openJournal } from '../../../src/evidence/journal-file.ts'
import { bareTarget, memoryTools } from '../../../src/testing/memory-tools.ts'
import runbook, { textOf } from './runbook.ts'

/** Where a run changes things, below the working directory: the same name in the journals of all of them. */
export const DIR = 'dir'

/** Where the process ends: at which record of its own, and whether that is not yet, half, or wholly written. */
export interface Kill {
  readonly at: number
  readonly when: 'before' | 'torn' | 'after'
}

export const FIRST_ID = 'break-off-20260131T021000Z-5f3a9c'
const unredacted = (text: string) => text
const planned = () => plan(runbook, bareTarget(), { dir: DIR })

/** The whole run in the working directory, with a journal on disk, but without the seal. */
export async function begin(kill?: Kill): Promise<RunResult> {
  const reportsDir = resolve('reports')
  const runDir = join(reportsDir, `.run-${FIRST_ID}`)
  mkdirSync(join(runDir, 'artifacts'), { recursive: true })
  const file = join(runDir, 'journal.jsonl')
  return run(
    reportsDir,
    FIRST_ID,
    file,
    openJournal(file, clock, unredacted, () => refuseTakenOver(reportsDir, FIRST_ID)),
    kill,
  )
}

/** Goes on with a run, as the command does; whoever is asked looks whether the message was sent. */
export async function goOn(runId: string, kill?: Kill): Promise<RunResult> {
  const reportsDir = resolve('reports')
  const broken = await findBrokenRun(runId, { reportsDir, workDir: resolve('work'), stateDir: resolve('state') })
  const sent = textOf(join(DIR, 'sent')) !== ''
  const settled = await settleSteps(
    planned(),
    broken.run,
    { done: [], repeat: [] },
    async () => (sent ? 'done' : 'repeat'),
    'tester',
  )
  await takeOver(broken, 'tester', clock, unredacted)
  const next = nextRunId(broken)
  const file = join(reportsDir, `.run-${next}`, 'journal.jsonl')
  const journal = continueJournal(file, clock, unredacted, () => refuseTakenOver(reportsDir, next))
  return run(reportsDir, next, file, journal, kill, await resumingFrom(file, { settled }))
}

async function run(
  reportsDir: string,
  runId: string,
  file: string,
  written: JournalFile,
  kill: Kill | undefined,
  resuming?: Resuming,
): Promise<RunResult> {
  const settings = { runbookSha256: '0'.repeat(64), counterproofs: 'all', policy: { rules: [], facts: {} } } as const
  const prepared = { plan: planned(), path: join(import.meta.dirname, 'runbook.ts'), allowedSkips: [], secrets: {} }
  const journal = killing(written, file, kill)
  const result = await execute({
    plan: prepared.plan,
    runId,
    tools: memoryTools(),
    journal,
    watch: () => {},
    approve: async () => ({ granted: true, by: 'test', how: 'test' }),
    secrets: {},
    protect: () => {},
    knownSecrets: () => [],
    scratchDir: resolve('scratch'),
    artifactsDir: join(reportsDir, `.run-${runId}`, 'artifacts'),
    counterproofs: 'all',
    width: 4,
    allowedSkips: [],
    lacking: () => undefined,
    signal: new AbortController().signal,
    origin: originOf(prepared, settings),
    ...(resuming === undefined ? {} : { resuming }),
  } as ExecuteInput)
  journal.append('run-ended', { outcome: result.outcome })
  journal.close()
  return result
}

function killing(journal: JournalFile, file: string, kill: Kill | undefined): JournalFile {
  let records = 0
  return {
    ...journal,
    append(type, data) {
      records += 1
      const dies = records === kill?.at
      if (dies && kill.when === 'torn') appendFileSync(file, '{"at":"2026-01-31T02:1')
      if (dies && kill.when !== 'after') process.kill(process.pid, 'SIGKILL')
      const recordedAt = journal.append(type, data)
      if (dies) process.kill(process.pid, 'SIGKILL')
      return recordedAt
    },
  }
}
