import { closest } from '../model/closest.ts'
import { RunproofError } from '../model/error.ts'
import { isManual, type Params, type Runbook, type Step } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'

export interface Plan {
  readonly runbook: Runbook
  readonly target: Target
  readonly params: Params
  readonly steps: readonly Step[]
  readonly limits: readonly string[]
  /** Why no subject may be broken, and nothing be written unasked: what is acted on is in use. */
  readonly inUse: string | undefined
}

/**
 * Runbook × parameters → what would run. No I/O.
 *
 * @throws RunproofError UNKNOWN_PARAM, PARAM_INVALID; UNKNOWN_TARGET when the target lacks a required capability;
 *   INTERNAL when the runbook contradicts itself (no steps, a repeated id, a capture with two setters)
 */
export function plan(runbook: Runbook, target: Target, given: Params): Plan {
  const lacking = (runbook.requires ?? []).filter(capability => !target.capabilities.includes(capability))
  if (lacking.length > 0) {
    throw new RunproofError(
      'UNKNOWN_TARGET',
      `target ${target.id} can't do what ${runbook.id} needs: ${lacking.join(', ')}`,
      {
        hint: 'runproof list targets',
      },
    )
  }

  const params = resolveParams(runbook, given)
  const conflict = runbook.conflict?.({ params, target })
  if (conflict !== undefined) throw new RunproofError('PARAM_INVALID', conflict.message, { hint: conflict.hint })
  const steps = runbook.steps({ params, target })
  refuseContradictions(runbook, steps)
  const input = { params, target }
  return { runbook, target, params, steps, limits: runbook.limits?.(input) ?? [], inUse: runbook.inUse?.(input) }
}

/**
 * What was given, held against what there is, with defaults for the rest.
 *
 * @throws RunproofError UNKNOWN_PARAM, PARAM_INVALID
 */
export function resolveParams(runbook: Pick<Runbook, 'id' | 'params'>, given: Params): Params {
  const known = Object.keys(runbook.params)
  // Without a prototype: a parameter called `constructor` is unknown, not inherited.
  const resolved: Record<string, string | undefined> = Object.create(null)

  for (const [name, value] of Object.entries(given)) {
    const spec = Object.hasOwn(runbook.params, name) ? runbook.params[name] : undefined
    if (spec === undefined) {
      const near = closest(name, known)
      throw new RunproofError('UNKNOWN_PARAM', `${runbook.id} has no parameter ${name}`, {
        hint: near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}=?`,
      })
    }
    const refusal = value === undefined ? undefined : value === '' ? 'it is empty' : spec.refuse?.(value)
    if (refusal !== undefined) {
      throw new RunproofError('PARAM_INVALID', `${name}=${value}: ${refusal}`, {
        hint: spec.example === undefined ? spec.describe : `for example ${name}=${spec.example}`,
      })
    }
    resolved[name] = value
  }

  for (const [name, spec] of Object.entries(runbook.params)) {
    resolved[name] ??= spec.default
    if (spec.required === true && resolved[name] === undefined) {
      throw new RunproofError('PARAM_INVALID', `${runbook.id} needs ${name}: ${spec.describe}`, {
        hint: `--param ${name}=${spec.example ?? '…'}`,
      })
    }
  }
  return { ...resolved }
}

function refuseContradictions(runbook: Runbook, steps: readonly Step[]): void {
  if (steps.length === 0) throw new RunproofError('INTERNAL', `runbook ${runbook.id} has no steps`)
  // It becomes the name of a directory.
  if (!/^[a-z0-9][\w.-]*$/i.test(runbook.id)) {
    throw new RunproofError(
      'INTERNAL',
      `runbook id ${JSON.stringify(runbook.id)} is not made of letters, digits, . _ and -`,
    )
  }

  const seen = new Set<string>()
  const claim = (what: string) => {
    if (seen.has(what)) throw new RunproofError('INTERNAL', `runbook ${runbook.id} has ${what} twice`)
    seen.add(what)
  }
  for (const step of steps) {
    claim(`step ${named(step.id, 'a step')}`)
    named(step.title, `the title of step ${step.id}`)
    if (!(step.timeoutMs > 0)) {
      throw new RunproofError('INTERNAL', `step ${step.id} of ${runbook.id} has ${step.timeoutMs} ms for its work`)
    }
    for (const yielded of step.yields ?? []) claim(`a setter of <${yielded.id}>`)
    if (isManual(step.run)) {
      named(step.run.instruction, `the instruction of step ${step.id}`)
      named(step.run.confirm, `what is confirmed in step ${step.id}`)
    } else if (step.verify.length === 0)
      throw new RunproofError('INTERNAL', `step ${step.id} of ${runbook.id} checks nothing`)
    for (const check of step.verify) {
      claim(`check ${step.id}/${named(check.id, 'a check')}`)
      named(check.title, `the title of check ${check.id}`)
      for (const { id, breaks } of check.counterproofs) {
        claim(`counterproof ${step.id}/${check.id}/${named(id, 'a counterproof')}`)
        named(breaks, `what counterproof ${id} breaks`)
      }
      if (check.counterproofs.length === 0) {
        throw new RunproofError('INTERNAL', `check ${check.id} of ${runbook.id} has no counterproof: it could not fail`)
      }
    }
  }
}

/** Evidence can't hold empty names; found before anything runs instead of when it is sealed. */
function named(text: string, what: string): string {
  if (text === '') throw new RunproofError('INTERNAL', `${what} is empty`)
  return text
}
