import { excerpt, type Sources } from '../../findings/excerpt.ts'
import { plural, wrap } from '../../findings/wrap.ts'
import type { Checked, CheckedFinding, KnownProgram } from '../checked.ts'
import type { Unjudged } from '../command.ts'
import type { Share } from '../judge/coverage.ts'
import type { Place } from '../place.ts'
import { whyOf } from '../rules.ts'

interface Telling {
  readonly width: number
  /** Every piece of code that was not judged, instead of how many for each reason. */
  readonly verbose: boolean
}

/** For people: what was found by page, what was judged by what, what was not, and one line that sums it up. */
export function checkedLines(checked: Checked, sources: Sources, { width, verbose }: Telling): readonly string[] {
  const explained = new Set<string>()
  const byFile = Map.groupBy(checked.findings, ({ at }) => at.file)
  return [
    ...[...byFile].flatMap(([file, own]) => [
      file,
      ...own.flatMap(finding => findingLines(finding, { sources, width, explained })),
      '',
    ]),
    ...judgedLines(checked, width),
    ...coverageLines(checked, width),
    ...unjudgedLines(checked.unjudged, { width, verbose }),
    ...wrap(summary(checked), width),
    ...(checked.exitCode === 3 ? wrap(nothingJudged(checked), width) : []),
  ]
}

function findingLines(
  { rule, severity, at, message, suggestion, ignored }: CheckedFinding,
  { sources, width, explained }: { readonly sources: Sources; readonly width: number; readonly explained: Set<string> },
): readonly string[] {
  const level = ignored === undefined ? severity : 'ignored'
  const why = explained.has(rule) ? [] : wrap(whyOf(rule), width, '    ')
  explained.add(rule)
  return [
    `${placeText(at)} ${level} ${rule} ${message}`,
    ...excerpt(sources, at, width),
    ...(suggestion === undefined ? [] : wrap(`did you mean ${suggestion}?`, width, '    ')),
    ...(ignored === undefined ? why : wrap(`until ${ignored.expires}: ${ignored.reason}`, width, '    ')),
  ]
}

function judgedLines(checked: Checked, width: number): readonly string[] {
  const { programs, commands } = checked
  if (programs.length === 0) {
    const found = Map.groupBy(commands, ({ source }) => /^\S*/.exec(source)![0])
    const most = [...found].sort(([, one], [, other]) => other.length - one.length).slice(0, 12)
    const names = most.map(([name, own]) => `${name} (${own.length})`).join(', ')
    const rest = found.size > most.length ? `, and ${found.size - most.length} others` : ''
    return [
      'judged',
      ...wrap('nothing: no program was given. Name one by --binary, or its saved command tree by --tree.', width, '  '),
      ...(found.size === 0 ? [] : wrap(`commands were found of ${names}${rest}`, width, '  ')),
    ]
  }
  return ['judged', ...programs.flatMap(one => programLines(one, checked, width)), ...meantLines(checked, width)]
}

function programLines({ tree, from }: KnownProgram, { commands }: Checked, width: number): readonly string[] {
  const own = commands.filter(({ judged }) => judged?.program === tree.program)
  const pages = new Set(own.map(({ at }) => at.file)).size
  const digest = tree.sha256 === null ? '' : ` (sha256 ${tree.sha256.slice(0, 12)})`
  const name = tree.version === null ? tree.program : `${tree.program} ${tree.version}`
  const asked =
    from.kind === 'tree'
      ? `by the tree saved in ${from.file}`
      : `by ${from.path}, asked ${from.cached ? 'before' : 'now'} ${heldText(from.sandbox)}`
  const effects = from.kind === 'binary' ? from.sideEffects : []
  return [
    ...wrap(`${name}${digest}: ${plural(own.length, 'command')} on ${plural(pages, 'page')}`, width, '  '),
    ...wrap(asked, width, '    '),
    ...effects.flatMap(text => wrap(`when it was asked: ${text}`, width, '    ')),
    ...tree.unread.flatMap(({ path, why }) =>
      wrap(`not read: ${[tree.program, ...path].join(' ')}: ${why}`, width, '    '),
    ),
  ]
}

function heldText(sandbox: 'bubblewrap' | 'namespaces' | 'none'): string {
  return sandbox === 'none' ? 'without a sandbox' : `in a sandbox (${sandbox})`
}

/** Which program code in prose was read as of, and who says so. */
function meantLines({ pages }: Checked, width: number): readonly string[] {
  const groups = Map.groupBy(pages, ({ programs: { names, from } }) =>
    from === 'none' ? undefined : `${names.join(', ')} ${from}`,
  )
  return [...groups].flatMap(([key, own]) => {
    const { names, from } = own[0]!.programs
    if (key === undefined || from === 'none') return []
    const [of, it] = [names.length > 1 ? 'one of ' : '', own.length > 1]
    const says = {
      option: 'as --program or the configuration says',
      'front-matter': it ? 'as their front matter says' : 'as its front matter says',
      page: it ? 'which they run themselves' : 'which it runs itself',
    }[from]
    const where = plural(own.length, 'page')
    return wrap(`code in prose on ${where} was read as commands of ${of}${names.join(', ')}, ${says}`, width, '  ')
  })
}

function coverageLines({ coverage }: Checked, width: number): readonly string[] {
  if (coverage === null) return []
  const share = ({ covered, of }: Share) => `${covered} of ${of}`
  return [
    'documented',
    ...coverage.flatMap(({ program, commands, flags, exercised }) => {
      const run = exercised === null ? '' : `; runbooks run ${share(exercised)} documented commands`
      return wrap(`${program}: ${share(commands)} commands, ${share(flags)} flags${run}`, width, '  ')
    }),
  ]
}

function unjudgedLines(unjudged: readonly Unjudged[], telling: Telling): readonly string[] {
  const [partly, wholly] = [unjudged.filter(one => one.partly), unjudged.filter(one => !one.partly)]
  return [...reasonLines('judged in part', partly, telling), ...reasonLines('not judged', wholly, telling)]
}

/** So many reasons are told; who wants the rest asks for it. */
const REASONS = 8

function reasonLines(title: string, unjudged: readonly Unjudged[], { width, verbose }: Telling): readonly string[] {
  if (unjudged.length === 0) return []
  const groups = [...Map.groupBy(unjudged, ({ why }) => (verbose ? why : apart(why).reason))].sort(
    ([, one], [, other]) => other.length - one.length,
  )
  if (verbose)
    return [title, ...groups.flatMap(([reason, own]) => [...wrap(`${reason}:`, width, '  '), ...own.map(placeLine)])]
  const rest = groups.slice(REASONS)
  const count = rest.reduce((sum, [, own]) => sum + own.length, 0)
  return [
    `${title} (--verbose lists each)`,
    ...groups
      .slice(0, REASONS)
      .flatMap(([reason, own]) =>
        wrap(`${own.length} × ${reason}${subjectsText(own)}, as ${exampleText(own)}`, width, '  '),
      ),
    ...(rest.length === 0 ? [] : [`  ${count} × for ${plural(rest.length, 'other reason')}`]),
  ]
}

/** A reason without the one word it is about, so that what is the same of many programs is told once. */
function apart(why: string): { readonly reason: string; readonly subject: string | undefined } {
  const [whole, before = '', subject, after = ''] =
    /^(there is no command tree of )(\S+)$/.exec(why) ??
    /^(the options of .+ are not all known, )(\S+)( among them)$/.exec(why) ??
    /^(.*?)`([^`]*)`(.*)$/s.exec(why) ??
    []
  return whole === undefined ? { reason: why, subject: undefined } : { reason: `${before}…${after}`, subject }
}

const SUBJECTS = 5

/** What the dots stand for, the commonest first. */
function subjectsText(unjudged: readonly Unjudged[]): string {
  const subjects = Map.groupBy(unjudged, ({ why }) => apart(why).subject)
  if (subjects.has(undefined)) return ''
  const named = [...subjects].sort(([, one], [, other]) => other.length - one.length)
  const texts = named
    .slice(0, SUBJECTS)
    .map(([subject, own]) => `${subject}${own.length > 1 ? ` ${own.length} ×` : ''}`)
  const rest = named.length - texts.length
  return ` (${texts.join(', ')}${rest > 0 ? `, and ${rest} more` : ''})`
}

function placeLine({ at, source }: Unjudged): string {
  return `    ${placeText(at)} ${oneLine(source)}`
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

function exampleText([first]: readonly Unjudged[]): string {
  return `${first!.at.file}:${first!.at.line}`
}

const SOURCE_CHARS = 100

function oneLine(source: string): string {
  const line = source.trim().replaceAll(/\s+/g, ' ')
  return line.length > SOURCE_CHARS ? `${line.slice(0, SOURCE_CHARS)}…` : line
}

/** Why there is no verdict. */
function nothingJudged({ commands, programs, unknown }: Checked): string {
  const names = programs.map(({ tree }) => tree.program).join(', ')
  if (commands.some(({ judged }) => judged !== null))
    return `no command of ${unknown.join(', ')} was judged: too little is known of it`
  if (commands.length === 0) return 'no command was judged: none was found'
  if (programs.length === 0) return 'no command was judged: no program was given'
  return `no command was judged: too little is known of ${names}, or no page names a command of it`
}

function summary({ pages, commands, findings, unjudged }: Checked): string {
  const count = (level: string) =>
    findings.filter(({ severity, ignored }) => (ignored === undefined ? severity : 'ignored') === level).length
  const left = commands.filter(one => one.judged === null)
  const partly = unjudged.filter(one => one.partly).length
  const inPart = partly === 0 ? '' : ` (${partly} in part)`
  const places = new Set(left.map(({ at }) => placeText(at)))
  const others = unjudged.filter(one => !one.partly && !places.has(placeText(one.at))).length
  const besides = others === 0 ? '' : ` and ${plural(others, 'other piece')} of code`
  const counts = [
    `${plural(pages.length, 'page')}, ${plural(commands.length, 'command')}, ${commands.length - left.length} judged${inPart}, ${left.length}${besides} not judged:`,
    `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${count('ignored')} ignored`,
  ]
  return counts.join(' ')
}
