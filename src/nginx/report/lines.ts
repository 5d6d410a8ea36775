import { excerpt, type Sources } from '../../findings/excerpt.ts'
import { plural, wrap } from '../../findings/wrap.ts'
import type { Finding } from '../judge.ts'
import { describe, type Surveyed } from '../survey.ts'
import type { View } from '../view.ts'
import type { Checked } from './checked.ts'

/** For people: what was found by file, what was judged, what was not, and one line that sums it up. */
export function checkedLines(checked: Checked, sources: Sources, width: number): readonly string[] {
  const { findings, survey } = checked
  const byFile = Map.groupBy(findings, ({ at }) => at.file)
  const explained = new Set<string>()
  const pathCount = survey.surveyed[0]?.views.size ?? 0
  return [
    ...[...byFile].flatMap(([file, own]) => [
      file,
      ...own.flatMap(finding => findingLines(finding, { sources, width, explained, pathCount })),
      '',
    ]),
    'judged',
    ...survey.surveyed.flatMap(one => surveyedLines(one, width)),
    ...(survey.notJudged.length === 0
      ? []
      : ['not judged', ...survey.notJudged.flatMap(text => wrap(text, width, '  '))]),
    ...nginxLines(checked, width),
    summary(checked),
  ]
}

interface Telling {
  readonly sources: Sources
  readonly width: number
  /** Rules whose reason was given already. */
  readonly explained: Set<string>
  readonly pathCount: number
}

function findingLines(
  { rule, at, paths, expected, actual, waived }: Finding,
  { sources, width, explained, pathCount }: Telling,
): readonly string[] {
  const level = waived === undefined ? rule.severity : 'waived'
  const why = explained.has(rule.id) ? [] : wrap(rule.why, width, '    ')
  explained.add(rule.id)
  return [
    `${at.file}:${at.line}:${at.column} ${level} ${rule.id} ${actual}; expected ${expected}`,
    ...excerpt(sources, at, width),
    ...(paths.length === 0
      ? []
      : wrap(`for ${paths.length === pathCount ? 'every path' : paths.join(', ')}`, width, '    ')),
    ...(waived === undefined ? why : wrap(`until ${waived.expires}: ${waived.reason}`, width, '    ')),
  ]
}

function surveyedLines({ server, scheme, host, views }: Surveyed, width: number): readonly string[] {
  const places = Map.groupBy(views, ([, view]) => placeText(view))
  return [
    `  ${scheme}://${host || '(no name)'} ${describe(server)}`,
    ...[...places].flatMap(([place, taken]) => wrap(`${place}: ${taken.map(([id]) => id).join(', ')}`, width, '    ')),
  ]
}

function placeText({ location, server, action }: View): string {
  const at = location?.at ?? server.at
  const where = location === undefined ? 'the server itself' : `location ${location.text}`
  return `${where} (line ${at.line})${action.kind === 'proxy' ? '' : `, ${action.kind}`}`
}

function nginxLines({ nginx }: Checked, width: number): readonly string[] {
  const messages = nginx.messages.map(({ level, text, at }) => {
    const place = at === undefined ? '' : `${at.file}:${at.line}:${at.column} `
    return `${place}${level} ${text}`
  })
  const unseen = nginx.foreseen ? '' : ', for a reason that this check did not see'
  // It may be the only reason for an exit of 1, under a summary without an error.
  const so =
    nginx.outcome === 'refused'
      ? ['that alone fails this check; where the nginx that is meant is newer or has more modules, use --no-nginx']
      : []
  return [
    `nginx -t: ${nginx.outcome} (${nginx.by})${unseen}`,
    ...[...messages, ...so].flatMap(text => wrap(text, width, '  ')),
  ]
}

function summary({ findings, ruleCount, survey }: Checked): string {
  const count = (level: string) =>
    findings.filter(({ rule, waived }) => (waived === undefined ? rule.severity : 'waived') === level).length
  const paths = survey.surveyed[0]?.views.size ?? 0
  const servers = plural(survey.surveyed.length, 'server')
  return `${plural(ruleCount, 'rule')}, ${plural(paths, 'path')} at ${servers}: ${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${count('waived')} waived`
}
