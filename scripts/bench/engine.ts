import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute } from '../../src/engine/execute.ts'
import { plan } from '../../src/engine/plan.ts'
import { openJournal } from '../../src/evidence/journal-file.ts'
import { defineCheck, failed, type NonEmpty, passed } from '../../src/model/check.ts'
import type { Journal } from '../../src/model/ports.ts'
import { defineRunbook, type Step } from '../../src/model/runbook.ts'
import { bareTarget, memoryJournal, memoryTools, processClock } from '../../src/testing/memory-tools.ts'
import { median } from './median.ts'

const STEPS = 200
const ROUNDS = 5

const check = defineCheck<number>({
  id: 'one',
  title: 'one is one',
  // A broken copy is told by its deadline, the cheapest change that a probe can see.
  probe: async ({ deadlineMs }) => (deadlineMs === 1 ? 2 : 1),
  judge: value => (value === 1 ? passed() : failed('it is not one')),
  counterproofs: [
    { id: 'two', breaks: 'a two', because: /not one/, observation: () => 2 },
    { id: 'copy', breaks: 'a copy', because: /not one/, deadlineMs: 1, subject: async context => context },
  ],
})

const runbook = defineRunbook({
  id: 'trivial',
  title: 'Steps that do nothing',
  purpose: 'drill',
  params: {},
  steps: () =>
    Array.from(
      { length: STEPS },
      (_, index): Step => ({
        id: `step-${index}`,
        title: `Step ${index}`,
        effect: 'read',
        timeoutMs: 10_000,
        run: { describe: 'nothing', execute: async () => {} },
        verify: [check],
      }),
    ) as unknown as NonEmpty<Step>,
})

/** What the engine itself costs a step with one check and two counterproofs, without and with a journal that is fsynced. */
async function benchEngine(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-bench-'))
  try {
    await report('no fsync, journal in memory (target 10 ms)', () => memoryJournal())
    await report('fsynced journal', round => openJournal(join(directory, `${round}.jsonl`), processClock, text => text))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function report(what: string, journal: (round: number) => Journal): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) times.push(await perStep(journal(round)))
  process.stdout.write(`  ${median(times).toFixed(3)} ms a step, median of ${ROUNDS} runs of ${STEPS} steps: ${what}\n`)
}

async function perStep(journal: Journal): Promise<number> {
  const began = performance.now()
  const { outcome } = await execute({
    plan: plan(runbook, bareTarget(), {}),
    runId: 'bench',
    tools: memoryTools(),
    journal,
    watch: () => {},
    approve: async () => ({ granted: false, reason: 'nobody is asked' }),
    secrets: {},
    protect: () => {},
    knownSecrets: () => [],
    scratchDir: tmpdir(),
    artifactsDir: tmpdir(),
    counterproofs: 'all',
    width: 4,
    allowedSkips: [],
    lacking: () => undefined,
    signal: new AbortController().signal,
  })
  if (outcome !== 'passed') throw new Error(`the trivial runbook is ${outcome}`)
  return (performance.now() - began) / STEPS
}

await benchEngine()
