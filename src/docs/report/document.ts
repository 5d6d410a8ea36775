import type { Checked, CheckedFinding, CheckedPage, KnownProgram } from '../checked.ts'
import type { Place } from '../place.ts'
import type { CheckedDocument } from './schema.ts'

/** The result of a check as one document, `runproof-docs-check-1`: a member that changes its meaning makes it `-2`. */
export function checkedDocument(checked: Checked): CheckedDocument {
  const { findings, commands, unjudged, references, coverage, failOn, exitCode } = checked
  return {
    schema: 'runproof-docs-check-1',
    failOn,
    exitCode,
    pages: checked.pages.map(pageRecord),
    programs: checked.programs.map(programRecord),
    findings: findings.map(findingRecord),
    commands: commands.map(({ source, at, judged }) => ({
      source,
      at: place(at),
      judged:
        judged === null ? null : { program: judged.program, path: [...judged.path], options: [...judged.options] },
    })),
    unjudged: unjudged.map(({ source, why, at, partly = false }) => ({ source, why, partly, at: place(at) })),
    references,
    coverage: coverage === null ? null : coverage.map(one => ({ ...one })),
  }
}

function pageRecord({ file, form, sha256, programs: { names, from }, commands, judged }: CheckedPage) {
  return { file, form, sha256, programs: [...names], programsFrom: from, commands, judged }
}

function programRecord({ tree: { program, version, sha256, unread }, from }: KnownProgram) {
  return {
    program,
    version,
    sha256,
    tree: from.kind === 'tree' ? from.file : null,
    binary:
      from.kind === 'binary'
        ? { path: from.path, sandbox: from.sandbox, cached: from.cached, sideEffects: [...from.sideEffects] }
        : null,
    unread: unread.map(({ path, why }) => ({ path: [...path], why })),
  }
}

function findingRecord({ rule, severity, at, message, suggestion, command, ignored }: CheckedFinding) {
  return {
    rule,
    severity,
    at: place(at),
    message,
    suggestion: suggestion ?? null,
    command: command ?? null,
    ignored: ignored ?? null,
  }
}

/** Members in one order, and none besides. */
function place({ file, line, column, endLine, endColumn }: Place) {
  return { file, line, column, endLine, endColumn }
}
