import { escapeMarkdown } from '../../model/markdown.ts'
import type { Timeline, TimelineEntry } from './schema.ts'

/** For a postmortem: what is known of the run, and a table of who did what, when. */
export function timelineMarkdown(timeline: Timeline): string {
  const { runId, runbook, target, state, outcome, signer, startedAt, lastRecordAt, journal, clockWentBack } = timeline
  const facts = [
    ['run', `${runId} (${state})`],
    ['runbook', `${runbook} on ${target}`],
    ['outcome', outcome ?? 'the run did not come to its end'],
    ['from', startedAt],
    ['to', lastRecordAt],
    ['journal', `${journal.records} records, sha256 of the last ${journal.lastHash}`],
    ...(journal.tornBytes > 0 ? [['torn', `${journal.tornBytes} bytes of a record that was not written whole`]] : []),
    ...(signer === undefined
      ? []
      : [['signed by', `${signer.keyId}${signer.trusted ? '' : ', which is not trusted here'}`]]),
    ...(clockWentBack > 0
      ? [['clock', `it went back ${clockWentBack} times: times below are as the journal says`]]
      : []),
    ...(timeline.textsWithheld
      ? [['texts', 'withheld: a secret was found in this run, and nobody said which value to take out']]
      : []),
  ]
  return [
    `# Timeline of ${escapeMarkdown(runId)}`,
    '',
    ...facts.map(([name, value]) => `- ${name}: ${escapeMarkdown(value!)}`),
    '',
    '| UTC | who | step | what |',
    '| --- | --- | --- | --- |',
    ...timeline.entries.map(rowOf),
    '',
  ].join('\n')
}

function rowOf(entry: TimelineEntry): string {
  const { at, step = '', text, clockBackMs } = entry
  const clock = clockBackMs === undefined ? '' : `[the clock went back ${clockBackMs} ms] `
  return `| ${[at, whoOf(entry), step, `${clock}${text}`].map(escapeMarkdown).join(' | ')} |`
}

/** A person by name; what the run did by itself under whoever held it, in brackets. */
function whoOf({ by, role, operator }: TimelineEntry): string {
  const name = by ?? (operator === undefined ? '' : `[${operator}]`)
  return role === undefined ? name : `${name} (${role})`.trim()
}
