import { join } from 'node:path'
import { keptCapture } from '../../model/capture.ts'
import { shellWord } from '../../model/command.ts'
import { PERSISTENCE_KINDS, type PersistenceKind } from '../../model/persistence-api.ts'
import type { StepContext } from '../../model/runbook.ts'
import { inCode } from '../plain.ts'
import { type Baseline, readBaseline, writeBaseline } from './baseline.ts'
import { type Inventory, readThings, type Thing } from './things.ts'

/**
 * What a person has to decide about: `added`, `changed` and `gone` against the baseline, `newer` than the incident; `unjudged`
 * where there is neither.
 */
export interface Finding {
  readonly kind: PersistenceKind
  readonly id: string
  readonly how: readonly ('added' | 'changed' | 'gone' | 'newer' | 'unjudged')[]
  readonly changedAtMs: number | null
}

export interface Sweep {
  readonly inventory: Inventory
  readonly sinceMs: number | null
  readonly baseline: Omit<Baseline, 'things'> | null
  readonly findings: readonly Finding[]
}

/** Kept: what a person decides about must not change under them when the run goes on after a break. */
export const sweep = keptCapture<Sweep>('sweep', 'what lasts in the daemon, and what of it is to be decided about')

const nameOf = ({ kind, id }: Pick<Thing, 'kind' | 'id'>) => `${kind} ${id}`

/** The findings, in the order of kinds and names. */
export function compare(
  { things, kinds }: Pick<Inventory, 'things' | 'kinds'>,
  baseline: Pick<Baseline, 'things' | 'kinds'> | undefined,
  sinceMs: number | undefined,
): readonly Finding[] {
  const before = new Map(baseline?.things.map(thing => [nameOf(thing), thing]))
  const now = new Set(things.map(nameOf))
  const found = things.flatMap((thing): Finding[] => {
    const { kind, id, changedAtMs, sha256 } = thing
    const compared = baseline?.kinds.includes(kind) === true
    const known = before.get(nameOf(thing))
    // What has no time of change, and nothing to be compared with, might be anything.
    const judged = compared || (sinceMs !== undefined && changedAtMs !== null)
    const how = [
      ...(compared && known === undefined ? (['added'] as const) : []),
      ...(compared && known !== undefined && known.sha256 !== sha256 ? (['changed'] as const) : []),
      ...(sinceMs !== undefined && changedAtMs !== null && changedAtMs >= sinceMs ? (['newer'] as const) : []),
      ...(judged ? [] : (['unjudged'] as const)),
    ]
    return how.length === 0 ? [] : [{ kind, id, how, changedAtMs }]
  })
  const gone = (baseline?.things ?? []).filter(
    thing => kinds.includes(thing.kind) && baseline!.kinds.includes(thing.kind) && !now.has(nameOf(thing)),
  )
  const all = [
    ...found,
    ...gone.map(({ kind, id, changedAtMs }) => ({ kind, id, how: ['gone'] as const, changedAtMs })),
  ]
  return all.sort(
    (a, b) => PERSISTENCE_KINDS.indexOf(a.kind) - PERSISTENCE_KINDS.indexOf(b.kind) || (a.id < b.id ? -1 : 1),
  )
}

/**
 * Lists what lasts, holds it against the baseline and the time of the incident, and writes both down: the findings for people, and
 * what lasts now, signed, for the next sweep.
 *
 * @throws RunproofError FACTS_INVALID for a baseline that was altered
 */
export async function takeSweep(
  context: StepContext,
  given: { readonly baselineDir: string | undefined; readonly sinceMs: number | undefined },
): Promise<Sweep> {
  const { run, params, tools } = context
  const before =
    given.baselineDir === undefined ? undefined : await readBaseline(context, given.baselineDir, params['baseline-key'])
  const inventory = await readThings(context)
  const findings = compare(inventory, before, given.sinceMs)
  const { things: _, ...baseline } = before ?? { things: [] }
  const swept: Sweep = {
    inventory,
    sinceMs: given.sinceMs ?? null,
    baseline: before === undefined ? null : (baseline as Sweep['baseline']),
    findings,
  }

  if (before === undefined)
    run.notTested(
      'whether anything was added, changed or taken away: no baseline= was given, so the sweep is held against nothing that was signed before the incident',
    )
  else {
    const without = inventory.kinds.filter(kind => !before.kinds.includes(kind))
    if (without.length > 0)
      run.notTested(
        `what was added or changed among these kinds, of which ${before.from} knows nothing: ${without.join(', ')}`,
      )
    if (before.signer !== 'trusted')
      run.assume(
        `the baseline is true: ${before.from} ${before.signer === 'none' ? 'is not signed' : 'was signed by a key that is not known here (baseline-key=PEM)'}`,
      )
  }
  if (given.sinceMs === undefined) run.notTested('what is newer than the incident: no since= says when that began')
  for (const { kind, why } of inventory.unread) run.notTested(`what lasts of kind ${kind}: ${why}`)

  run.fact('sweep.baselineSigner', before?.signer ?? 'no baseline')
  run.fact('sweep.things', inventory.things.length)
  run.fact('sweep.findings', findings.length)
  await tools.files.write(join(run.artifactsDir, 'sweep.md'), findingsText(context, swept))
  await writeBaseline(context, run.artifactsDir, { ...inventory, things: vouchedFor(swept) })
  return swept
}

/**
 * What the next sweep may take for known. A finding is not among it: whatever a person decides, it is found again, and never becomes
 * part of what was there before. Where there was nothing to judge by, everything is, and that was told.
 */
export function vouchedFor({ inventory, findings }: Pick<Sweep, 'inventory' | 'findings'>): readonly Thing[] {
  const found = new Set(findings.filter(({ how }) => !how.includes('unjudged')).map(nameOf))
  return inventory.things.filter(thing => !found.has(nameOf(thing)))
}

/** One line a finding, with how to look at it and how to take it away. */
export function findingsText(
  { target, params = {} }: Pick<StepContext, 'target'> & Partial<Pick<StepContext, 'params'>>,
  { findings, inventory, baseline, sinceMs }: Sweep,
): string {
  const at = (ms: number | null) => (isInstant(ms) ? new Date(ms).toISOString() : 'time unknown')
  const { look, remove } = target.persistence
  const lines = findings.map(({ kind, id, how, changedAtMs }) =>
    [
      `- [ ] ${kind} ${inCode(id)}: ${how.join(', ')} (${at(changedAtMs)})`,
      `  - look: ${inCode(look(kind, id))}`,
      `  - take it away, if it is not yours${kind === 'settings' || kind === 'revision' ? ' (once the run has ended: it ends the containment, too)' : ''}: ${inCode(remove(kind, id))}`,
    ].join('\n'),
  )
  return [
    '# What lasts in the daemon',
    '',
    `Read at ${at(inventory.takenAtMs)}. Held against ${baseline === null ? 'no baseline' : `${baseline.from} of ${at(baseline.takenAtMs)}`}${sinceMs === null ? '' : `, and against the incident, since ${at(sinceMs)}`}.`,
    `Read: ${inventory.kinds.join(', ')}. Not read: ${inventory.unread.map(one => one.kind).join(', ') || 'nothing was left out'}.`,
    ...(lines.length === 0 ? [] : [`To decide about: ${countsOf(findings)}.`, ...beginningOf(target.program, params)]),
    '',
    ...(lines.length === 0 ? ['Nothing to decide about.'] : lines),
    '',
  ].join('\n')
}

/** How many there are of each kind: whoever has ten thousand of one has to know it before the first. */
function countsOf(findings: readonly Finding[]): string {
  const counts = PERSISTENCE_KINDS.map(kind => [kind, findings.filter(one => one.kind === kind).length] as const)
  return `${findings.length} (${counts
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')})`
}

/** Of a daemon that somebody runs: what stands before each of the commands, so that it can be typed. */
function beginningOf(program: string, params: StepContext['params']): readonly string[] {
  const { binary = program, 'base-url': url, 'admin-token-file': file } = params
  if (url === undefined || file === undefined) return []
  const words = `${shellWord(binary)} --base-url ${shellWord(url)} --token-file ${shellWord(file)}`
  return [`Each command begins with ${inCode(words)}.`]
}

/** A time of change is given by whoever makes the thing, also one that no calendar has. */
function isInstant(ms: number | null): ms is number {
  return ms !== null && Math.abs(ms) <= 8.64e15
}
