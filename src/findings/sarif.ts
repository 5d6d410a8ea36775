import type { Json } from '../model/check.ts'
import type { Accepted } from './accepted.ts'
import { withoutCredentials } from './credentials.ts'
import type { Sources } from './excerpt.ts'
import type { Place } from './place.ts'

/** What findings are instances of. */
export interface RuleText {
  readonly id: string
  /** What holds when it is kept. */
  readonly title: string
  readonly why: string
  readonly severity: 'error' | 'warning'
}

export interface SarifResult {
  /** Id of the rule. */
  readonly rule: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly at: Place
  /** Tells it from every other finding, and stays the same when lines are added before it. */
  readonly fingerprint: string
  readonly accepted: Accepted | undefined
  /** What could stand in its place. */
  readonly replacement?: string | undefined
}

interface Told {
  /** Of runproof. */
  readonly version: string
  readonly exitCode: number
  readonly rules: readonly RuleText[]
  readonly results: readonly SarifResult[]
  readonly sources: Sources
}

/**
 * The findings of a check for code scanning. Credentials in lines of files are replaced.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifLog({ version, exitCode, rules, results, sources }: Told): Json {
  const indexes = new Map(rules.map(({ id }, index) => [id, index]))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'runproof', semanticVersion: version, rules: rules.map(ruleEntry) } },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true, exitCode }],
        results: results.map(result => resultEntry(result, indexes.get(result.rule)!, sources)),
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

function resultEntry(result: SarifResult, ruleIndex: number, sources: Sources): Json {
  const { rule, severity, message, at, fingerprint, accepted, replacement } = result
  const line = sources(at.file, at.line)
  const artifactLocation = { uri: toUri(at.file) }
  const region = regionOf(at)
  const snippet = line === undefined ? {} : { snippet: { text: withoutCredentials(line) } }
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: message },
    locations: [{ physicalLocation: { artifactLocation, region: { ...region, ...snippet } } }],
    partialFingerprints: { 'finding/v1': fingerprint },
    suppressions:
      accepted === undefined
        ? []
        : [{ kind: 'external', status: 'accepted', justification: `until ${accepted.expires}: ${accepted.reason}` }],
    ...(replacement === undefined
      ? {}
      : {
          fixes: [
            {
              description: { text: `write ${replacement}` },
              artifactChanges: [
                {
                  artifactLocation,
                  replacements: [{ deletedRegion: region, insertedContent: { text: replacement } }],
                },
              ],
            },
          ],
        }),
  }
}

function regionOf({ line, column, endLine, endColumn }: Place): Record<string, Json> {
  return {
    startLine: line,
    startColumn: column,
    ...(endLine === undefined || endColumn === undefined ? {} : { endLine, endColumn }),
  }
}

/** Relative paths stay relative: whoever shows them resolves them against the checkout. */
function toUri(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return path.startsWith('/') ? `file://${encoded}` : encoded
}
