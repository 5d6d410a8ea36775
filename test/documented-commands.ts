import assert from 'node:assert/strict'
import { type Citable, readCitable } from '../src/cli/docs/citable-pages.ts'
import { loadRunbook, loadTarget } from '../src/cli/registry.ts'
import { argvOf, plainWord, templateWords } from '../src/docs/template.ts'
import { unify, unifyWords } from '../src/docs/unify.ts'
import { plan } from '../src/engine/plan.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import { isManual } from '../src/model/runbook.ts'

/** What only the stand-in has, to make itself what a test needs; no operator types it. */
const STAND_IN_ONLY = ['seed']

let citable: Promise<Citable> | undefined

/**
 * Every command line of the daemon's binary that a run executed is an instance of one that an operator page has, with
 * options that its tree has, and of one that its step announces in the plan; and the pages it cites are on record by digest.
 */
export async function assertDocumented(evidence: Evidence): Promise<void> {
  citable ??= readCitable()
  const { pages, trees } = await citable
  const documented = pages.flatMap(page => page.commands)
  const { runbook } = await loadRunbook(evidence.runbook.id)
  const planned = plan(runbook, await loadTarget(evidence.target.id), evidence.params).steps
  const wrong: string[] = []
  let judged = 0
  for (const { id, docs, commands } of evidence.steps) {
    if (docs !== undefined) assert.match(String(evidence.facts[`docs.${docs.page}.sha256`]), /^[0-9a-f]{64}$/)
    const { run } = planned.find(step => step.id === id)!
    const announced = isManual(run) ? [] : (run.commands ?? []).map(templateWords)
    for (const { command } of commands) {
      const words = argvOf(command)
      for (const tree of trees) {
        const start = words.findIndex(word => word.split('/').at(-1) === tree.program)
        const argv = words.slice(start)
        if (start === -1 || STAND_IN_ONLY.includes(argv[1] ?? '')) continue
        judged += 1
        if (!documented.some(one => unify(one.words, argv, tree))) wrong.push(`${id} runs what no page has: ${command}`)
        const given = argv.map(plainWord)
        if (!announced.some(template => unifyWords(template, given, tree)))
          wrong.push(`${id} runs what its plan does not announce: ${command}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(judged > 0, 'the run executed no command of a program that is known')
}
