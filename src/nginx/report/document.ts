import type { Json } from '../../model/check.ts'
import type { Position } from '../ast.ts'
import type { View } from '../view.ts'
import type { Checked } from './checked.ts'

/** The result of a check as one document, `runproof-nginx-check-1`: a member that changes its meaning makes it `-2`. */
export function checkedDocument({
  file,
  files,
  target,
  findings,
  ruleCount,
  survey,
  nginx,
  failOn,
  exitCode,
}: Checked): Json {
  return {
    schema: 'runproof-nginx-check-1',
    file,
    files: [...files],
    target,
    failOn,
    exitCode,
    rules: ruleCount,
    findings: findings.map(({ rule, at, paths, expected, actual, waived }) => ({
      rule: rule.id,
      severity: rule.severity,
      title: rule.title,
      why: rule.why,
      at: place(at),
      paths: [...paths],
      expected,
      actual,
      waived: waived === undefined ? null : { ...waived },
    })),
    judged: survey.surveyed.flatMap(({ server, scheme, host, views }) =>
      [...views].map(([id, view]) => ({
        path: id,
        scheme,
        host,
        server: { names: [...server.names], at: place(server.at) },
        ...taken(view),
      })),
    ),
    notJudged: [...survey.notJudged],
    nginx: {
      outcome: nginx.outcome,
      by: nginx.by,
      foreseen: nginx.foreseen,
      messages: nginx.messages.map(({ level, text, at }) => ({ level, text, at: at === undefined ? null : place(at) })),
    },
  }
}

function taken({ location, action }: View): Record<string, Json> {
  return {
    location: location === undefined ? null : { text: location.text, at: place(location.at) },
    action: action.kind,
  }
}

function place({ file, line, column }: Position): Json {
  return { file, line, column }
}
