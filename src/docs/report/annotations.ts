import { workflowCommand } from '../../findings/workflow-command.ts'
import type { Checked, CheckedFinding } from '../checked.ts'
import type { Severity } from '../finding.ts'

/** What GitHub shows of each level for one step; it drops the rest without a word. */
const SHOWN = 10

/**
 * Annotations of GitHub Actions, in lines: errors first. Where there are more than are shown, the last one of its level says how
 * many there are and where.
 */
export function annotationLines({ findings, exitCode }: Checked): readonly string[] {
  const open = findings.filter(({ ignored }) => ignored === undefined)
  const lines = (['error', 'warning'] as const).flatMap(level => ofLevel(level, open))
  if (exitCode !== 3) return lines
  const text = 'no command was judged, so nothing is known of them: give a program by --binary or --tree'
  return [...lines, workflowCommand('error', { title: 'runproof docs check' }, text)]
}

function ofLevel(level: Severity, findings: readonly CheckedFinding[]): readonly string[] {
  const own = findings.filter(({ severity }) => severity === level)
  const shown = own.length > SHOWN ? own.slice(0, SHOWN - 1) : own
  const rest = own.slice(shown.length)
  return [
    ...shown.map(one => workflowCommand(level, { title: one.rule, at: one.at }, textOf(one))),
    ...restLine(level, rest),
  ]
}

function textOf({ message, suggestion }: CheckedFinding): string {
  return suggestion === undefined ? message : `${message}\ndid you mean ${suggestion}?`
}

function restLine(level: Severity, rest: readonly CheckedFinding[]): readonly string[] {
  if (rest.length === 0) return []
  const byFile = [...Map.groupBy(rest, ({ at }) => at.file)].map(([file, own]) => `${file}: ${own.length}`)
  return [workflowCommand(level, { title: `${rest.length} more` }, byFile.join('\n'))]
}
