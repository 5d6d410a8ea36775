import type { Report } from '../evidence/layout.ts'
import type { CheckRecord, Evidence, StepRecord } from '../evidence/schema.ts'
import { durationText } from '../model/duration-text.ts'
import { escapeMarkup } from './text/escape.ts'
import { people, whoText } from './text/people.ts'
import { warningOf } from './text/warning.ts'

/** One self-contained page: no script, nothing loaded from anywhere. */
const report: Report = { file: 'report.html', render }
export default report

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#cf222e;--odd:#9a6700}
@media(prefers-color-scheme:dark){:root{--good:#3fb950;--bad:#ff7b72;--odd:#d29922}}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
code,pre{font:13px/1.4 ui-monospace,monospace}pre{white-space:pre-wrap;margin:.4rem 0}
.passed{color:var(--good)}.failed,.errored,.denied,.interrupted{color:var(--bad)}.unproven,.skipped,.offered{color:var(--odd)}
.red::before{content:"red ";color:var(--bad);font-weight:600}.green::before{content:"still green ";color:var(--odd);font-weight:600}
.not-run::before{content:"not run ";color:var(--odd)}.proof.errored{color:inherit}.proof.errored::before{content:"no verdict ";color:var(--bad);font-weight:600}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}
th{width:9rem}td.verdict{width:6rem}td.number{text-align:right;width:6rem;font-variant-numeric:tabular-nums;padding-right:0}
table.phases{width:auto;min-width:16rem}
details{margin:.2rem 0}details.step{margin:1rem 0}summary{cursor:pointer}ul{margin:.2rem 0;padding-left:1.2rem}.dim{opacity:.7}
@media(max-width:40rem){table.wide td,table.wide th{display:block;width:auto}table.wide th,table.wide td.verdict{border:0;padding-bottom:0}}
`

/** What version 2 shows besides. Pages of version 1 are rendered as they were. */
const STYLE_2 = `.attested{color:var(--odd);font-style:italic}
`

function render(evidence: Evidence): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeMarkup(`${evidence.outcome}: ${evidence.runbook.title}`)}</title><style>${STYLE}${evidence.schema === 'runproof-evidence-1' ? '' : STYLE_2}</style></head><body>
<h1>${escapeMarkup(evidence.runbook.title)}: <span class="${evidence.outcome}">${evidence.outcome}</span></h1>
<p class="dim">${escapeMarkup(evidence.runId)}</p>
<p>${counts(evidence)}</p>
${overview(evidence)}
${recovery(evidence)}
<h2>Steps</h2>
${evidence.steps.map(step).join('\n')}
${incident(evidence)}${list('Left behind, undone or offered', evidence.released.filter(one => one.kind === 'undo' || one.outcome !== 'done').map(released))}
${list(
  'Skips that were allowed',
  evidence.allowedSkips.map(({ id, reason }) => `${id}: ${reason}`),
)}
${list('Not tested', evidence.notTested)}
${list('Assumptions', evidence.assumptions)}
${artefacts(evidence)}
<p class="dim">This page is a rendering. What counts is evidence.json and its signature: <code>runproof evidence verify</code> re-checks every byte.</p>
</body></html>
`
}

/** How much the verdict rests on, in one sentence. */
function counts(evidence: Evidence): string {
  const checks = evidence.steps.flatMap(one => one.checks)
  const proofs = checks.flatMap(one => one.counterproofs)
  const red = proofs.filter(one => one.outcome === 'red').length
  const green = checks.filter(one => one.outcome === 'passed').length
  const notRun = proofs.filter(one => one.outcome === 'not-run').length
  return `${green} of ${checks.length} checks green; ${red} of ${proofs.length} counterproofs red${notRun === 0 ? '' : `, ${notRun} not run`}: each is the same check, asked again after its subject was broken on purpose, which must turn it red.`
}

/** What people did besides the steps; nothing where they did nothing. */
function incident({ notes = [], handovers = [], snapshots = [], breaks = [] }: Evidence): string {
  const parts = [
    list(
      'Notes',
      notes.map(({ at, text, ...who }) => `${at} ${whoText(who)}: ${text}`),
    ),
    list('Handed over', handovers.map(handedOver)),
    list(
      'Snapshots',
      snapshots.map(
        ({ at, path, outcome, ...who }) =>
          `${at} ${whoText(who)}: ${path}${outcome === 'done' ? '' : ', not complete'}`,
      ),
    ),
    list('Broken off and gone on with', breaks.map(brokenOff)),
  ]
  return parts
    .filter(part => part !== '')
    .map(part => `${part}\n`)
    .join('')
}

function handedOver({ at, from, to, role }: NonNullable<Evidence['handovers']>[number]): string {
  return `${at} ${from} to ${to}${role === undefined ? '' : ` (${role})`}`
}

function brokenOff({ at, runId, kind, resumedAt, resumedBy }: NonNullable<Evidence['breaks']>[number]): string {
  return `${runId} broke off at ${at} (${kind}); gone on with at ${resumedAt} by ${resumedBy}`
}

function released({ kind, what, outcome, error, by }: Evidence['released'][number]): string {
  return `${kind} ${outcome}${by === undefined ? '' : ` by ${by}`}: ${what}${error === undefined ? '' : `: ${error.message}`}`
}

function artefacts(evidence: Evidence): string {
  if (evidence.artifacts.length === 0) return ''
  const rows = evidence.artifacts.map(
    one => `<tr><td>${escapeMarkup(one.path)}</td><td><code>${one.sha256}</code></td></tr>`,
  )
  return `<h2>Artefacts</h2>\n<table class="wide"><tr><th>file</th><th>SHA-256</th></tr>${rows.join('')}</table>`
}

function overview(evidence: Evidence): string {
  const rows: [string, string][] = [
    ['Target', `${evidence.target.title}${evidence.target.real ? '' : ' (not a real target)'}`],
    ['Operator', operator(evidence)],
    ...Object.entries(evidence.roles ?? {}).map(([role, name]): [string, string] => [`Role ${role}`, name]),
    ['Started', evidence.startedAt],
    ['Duration', durationText(evidence.durationMs)],
    ['Barrier that this machine offers', evidence.machine.barrier],
    ['Signed by', evidence.signer.keyId],
    ...Object.entries(evidence.params).map(([name, value]): [string, string] => [`${name}=`, value]),
    ...Object.entries(evidence.facts).map(([name, value]): [string, string] => [name, String(value)]),
  ]
  return `<table class="wide">${rows.map(([name, value]) => `<tr><th>${escapeMarkup(name)}</th><td>${escapeMarkup(value)}</td></tr>`).join('')}</table>`
}

function operator({ operator: { user, host, name } }: Evidence): string {
  return name === undefined ? `${user}@${host}` : `${name} (${user}@${host})`
}

function recovery(evidence: Evidence): string {
  if (evidence.rto === undefined) return ''
  const phases = evidence.rto.phases.map(
    phase =>
      `<tr><td>${escapeMarkup(phase.id)}${waits(phase)}</td><td class="number">${durationText(phase.durationMs)}</td></tr>`,
  )
  const rpo =
    evidence.rpoMs === undefined
      ? ''
      : `<p>RPO ${durationText(evidence.rpoMs)} <span class="dim">(${escapeMarkup(evidence.rpoBasis ?? '')})</span></p>`
  return `<h2>Recovery</h2><p>RTO ${durationText(evidence.rto.totalMs)}</p><table class="phases">${phases.join('')}</table>${rpo}`
}

/** A wait by design is told apart: it says nothing about how fast a recovery is. */
function waits({ waits = [] }: NonNullable<Evidence['rto']>['phases'][number]): string {
  return waits
    .map(one => `<br><span class="dim">of it ${durationText(one.durationMs)} ${escapeMarkup(one.id)}</span>`)
    .join('')
}

function step(record: StepRecord): string {
  const commands = record.commands.map(one => `<pre>$ ${escapeMarkup(one.command)}</pre>`).join('')
  return `<details class="step" open><summary><strong>${escapeMarkup(record.title)}</strong> <span class="${record.outcome}">${record.outcome}</span> <span class="dim">${durationText(record.durationMs)}</span></summary>
${record.reason === undefined ? '' : `<p>${escapeMarkup(record.reason)}</p>`}${people(record).map(dim).join('')}${commands}
${record.checks.length === 0 ? '' : `<table class="wide">${record.checks.map(check).join('')}</table>`}</details>`
}

function dim(text: string): string {
  return `<p class="dim">${escapeMarkup(text)}</p>`
}

function warned(record: CheckRecord): string {
  const warning = warningOf(record)
  return warning === undefined ? '' : `<br><span class="skipped">warns: ${escapeMarkup(warning)}</span>`
}

function check(record: CheckRecord): string {
  const proofs = record.counterproofs
    .map(
      one =>
        `<li class="proof ${one.outcome}">${escapeMarkup(one.breaks)} <span class="dim">(${one.on}) ${escapeMarkup(one.said)}</span></li>`,
    )
    .join('')
  const facts = (['expected', 'actual'] as const)
    .filter(name => record[name] !== undefined)
    .map(name => `${name}: ${escapeMarkup(JSON.stringify(record[name]).slice(0, 600))}`)
  const details =
    facts.length === 0 ? '' : `<details><summary class="dim">facts</summary><pre>${facts.join('\n')}</pre></details>`
  return `<tr><td class="verdict ${record.outcome}">${record.outcome}</td><td>${escapeMarkup(record.title)}${record.reason === undefined ? '' : `<br>${escapeMarkup(record.reason)}`}${warned(record)}${details}<ul>${proofs}</ul></td></tr>`
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0
    ? ''
    : `<h2>${title}</h2><ul>${items.map(item => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`
}
