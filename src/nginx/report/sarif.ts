import type { Json } from '../../model/check.ts'
import { type Finding, RULE_TEXTS, type RuleText } from '../judge.ts'
import { withoutCredentials } from '../rules/credentials.ts'
import type { Checked } from './checked.ts'
import type { Sources } from './excerpt.ts'

/**
 * The result of a check for code scanning.
 *
 * @param version - of runproof
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function checkedSarif({ findings, exitCode }: Checked, sources: Sources, version: string): Json {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'runproof', semanticVersion: version, rules: RULE_TEXTS.map(ruleEntry) } },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true, exitCode }],
        results: findings.map(finding => resultEntry(finding, sources)),
      },
    ],
  }
}

function ruleEntry({ id, title, why, severity }: RuleText): Json {
  return {
    id,
    name: id.replaceAll(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: why },
    defaultConfiguration: { level: severity },
  }
}

function resultEntry({ rule, at, paths, expected, actual, waived }: Finding, sources: Sources): Json {
  const line = sources(at.file)?.[at.line - 1]
  return {
    ruleId: rule.id,
    ruleIndex: RULE_TEXTS.findIndex(({ id }) => id === rule.id),
    level: rule.severity,
    message: { text: `${actual}; expected ${expected}${paths.length === 0 ? '' : ` (${paths.join(', ')})`}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: toUri(at.file) },
          region: {
            startLine: at.line,
            startColumn: at.column,
            ...(line === undefined ? {} : { snippet: { text: withoutCredentials(line) } }),
          },
        },
      },
    ],
    // Stays the same when lines are added before it.
    partialFingerprints: { 'finding/v1': [rule.id, at.file, actual, ...paths].join('|') },
    suppressions:
      waived === undefined
        ? []
        : [{ kind: 'external', status: 'accepted', justification: `until ${waived.expires}: ${waived.reason}` }],
  }
}

/** Relative paths stay relative: whoever shows them resolves them against the checkout. */
function toUri(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return path.startsWith('/') ? `file://${encoded}` : encoded
}
