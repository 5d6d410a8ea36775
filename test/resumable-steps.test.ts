import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { planRunbooks } from '../src/cli/planned-runbooks.ts'
import { whyUnresumable } from '../src/engine/go-on.ts'
import { isManual, type Step } from '../src/model/runbook.ts'

/** What these were done to ends with the process as well, and is made anew: they are done again, and that is meant. */
const DONE_AGAIN = ['rotate-slots']

/** What a break after this step, or in it, would leave nobody to know; undefined where it can be gone on with. */
function lacking(step: Step): string | undefined {
  if (step.effect === 'read' || isManual(step.run)) return undefined
  if (step.resume === 'check-first' && step.tookEffect === undefined)
    return 'it is to be checked first, and has no tookEffect'
  const lost = (step.yields ?? []).filter(capture => capture.kept !== true).map(({ id }) => `<${id}>`)
  return lost.length > 0 && step.reestablish === undefined && !DONE_AGAIN.includes(step.id)
    ? `${lost.join(', ')} ends with the process, and nothing sets it again`
    : undefined
}

describe('a rotation or containment that can be gone on with', async () => {
  const ways = (await planRunbooks()).flatMap(({ runbook, ways }) =>
    ways
      .filter(({ plan }) => ['rotation', 'containment'].includes(runbook.purpose) && whyUnresumable(plan) === undefined)
      .map(way => ({ id: runbook.id, ...way })),
  )

  test('is there', () => assert.ok(ways.length >= 2, `${ways.length} ways`))

  for (const { id, title, plan } of ways) {
    test(`knows at every writing step what a break leaves: ${id}, ${title}`, () => {
      const wrong = plan.steps.flatMap(step => {
        const why = lacking(step)
        return why === undefined ? [] : [`${step.id}: ${why}`]
      })
      assert.deepEqual(wrong, [])
    })
  }

  test('is told from one that is not', () => {
    const step = { id: 'x', effect: 'write', resume: 'check-first', run: { describe: 'x' } } as unknown as Step
    assert.match(lacking(step)!, /no tookEffect/)
    assert.match(lacking({ ...step, resume: 'once', yields: [{ id: 'y', describe: 'y' }] } as Step)!, /<y> ends/)
    assert.equal(lacking({ ...step, resume: 'once' } as Step), undefined)
  })
})
