import { withoutCredentials } from '../findings/credentials.ts'
import type { Sources } from '../findings/excerpt.ts'
import type { RepositoryFiles } from '../model/repository-files.ts'
import type { Checked, CheckedCommand, CheckedFinding, CheckedPage, KnownProgram } from './checked.ts'
import type { DocumentedCommand, Unjudged } from './command.ts'
import type { Finding, Severity } from './finding.ts'
import { applyIgnores, type Ignores } from './ignores.ts'
import { type Exercised, findCoverage } from './judge/coverage.ts'
import { judgePage } from './judge/judge.ts'
import { programName } from './judge/programs.ts'
import type { JudgedCommand } from './judge/verdict.ts'
import { readPage } from './page/read-page.ts'
import { topOf } from './place.ts'
import { byPlace, commandAround } from './places.ts'
import { checkFiles } from './references/check-files.ts'
import { checkJsonPaths } from './references/check-json-paths.ts'
import { type Forbidden, findForbidden } from './references/forbidden.ts'
import type { JsonDocument } from './references/json-document.ts'
import { linesAt } from './source-lines.ts'

export interface CheckAsked {
  /** Names that pages mean when they do not say. */
  readonly programs: readonly string[]
  readonly known: readonly KnownProgram[]
  readonly forbidden: readonly Forbidden[]
  /** Samples and schemas that JSON members are looked up in. */
  readonly documents: readonly JsonDocument[]
  /** What pages refer to. */
  readonly files: RepositoryFiles
  readonly ignores: Ignores | undefined
  /** Commands that runbooks run; null where nothing is known of them. */
  readonly exercised: readonly Exercised[] | null
  /** Whether what no page says is told, too. */
  readonly coverage: boolean
  readonly failOn: Severity
}

export interface Checking {
  /**
   * Reads and judges one page. Of its text only the lines are kept that a finding stands in.
   *
   * @param path - below the root of {@link CheckAsked.files}; undefined where it is not
   */
  page(file: string, path: string | undefined, bytes: Uint8Array): void
  /** One that could not be read. */
  unreadable(file: string, why: string): void
  /** Something that was passed over. */
  passedOver(file: string, why: string): void
  finish(): { readonly checked: Checked; readonly sources: Sources }
}

/** Pages are handed in one after the other, so that a thousand of them are never in memory at once. */
export function beginCheck(asked: CheckAsked): Checking {
  const trees = asked.known.map(({ tree }) => tree)
  // Only then every word of every command has to be kept.
  const covering = asked.coverage || asked.exercised !== null
  const pages: CheckedPage[] = []
  const findings: CheckedFinding[] = []
  const commands: CheckedCommand[] = []
  const judged: JudgedCommand[] = []
  const unjudged: Unjudged[] = []
  const lines = new Map<string, ReadonlyMap<number, string>>()
  /** Programs with a tree that fences of pages run. */
  const run = new Set<string>()
  const treed = new Set(trees.map(({ program }) => program))
  let references = 0

  return {
    page(file, path, bytes) {
      const page = readPage(file, bytes)
      const verdict = judgePage(page, trees, { programs: asked.programs })
      const referred = [
        checkFiles(page, path, verdict.commands, asked.files),
        checkJsonPaths(page, verdict.commands, asked.documents),
      ]
      const found = unique([
        ...page.problems,
        ...verdict.findings,
        ...referred.flatMap(one => one.findings),
        ...(asked.forbidden.length === 0 ? [] : findForbidden(file, decoded(bytes), asked.forbidden)),
      ]).sort(byPlace)
      references += referred.reduce((sum, one) => sum + one.judged, 0)
      const around = commandAround(verdict.commands)
      for (const finding of found) {
        const command = around(finding.at)
        findings.push({
          ...told(finding),
          command: command === undefined ? undefined : shown(command),
          ignored: undefined,
        })
      }
      if (found.length > 0) lines.set(file, linesAt(decoded(bytes), new Set(found.map(({ at }) => at.line))))
      for (const { from, words } of verdict.commands) {
        const name = from === 'fence' && words[0] !== undefined ? programName(words[0]) : undefined
        if (name !== undefined && treed.has(name)) run.add(name)
      }
      const own = summaries(verdict.commands, verdict.judged)
      for (const one of own) commands.push(one)
      if (covering) for (const one of verdict.judged) judged.push(one)
      const left = [...verdict.unjudged, ...referred.flatMap(one => one.unjudged)]
      for (const one of left.sort(byPlace)) unjudged.push({ ...one, source: shown(one.source) })
      const { form, sha256 } = page
      const { programs } = verdict
      pages.push({
        file,
        form,
        sha256,
        programs,
        commands: own.length,
        judged: own.filter(one => one.judged !== null).length,
      })
    },

    unreadable(file, why) {
      findings.push(plain({ rule: 'page-unreadable', severity: 'error', at: topOf(file), message: why }))
    },

    passedOver(file, why) {
      unjudged.push({ source: file, why, at: topOf(file) })
    },

    finish() {
      const { exercised, coverage: all, ignores, failOn } = asked
      const files = pages.map(({ file }) => file)
      const covered =
        files.length > 0 && covering
          ? findCoverage({ trees, judged, exercised, pages: files, all })
          : { findings: [], programs: [] }
      const whole = [
        ...findings,
        ...covered.findings.map(plain),
        ...(findings.length === 0 ? nothingFound(files, commands) : []),
      ]
      const marked = applyIgnores(whole, ignores)
      const known = new Set(commands.flatMap(one => one.judged?.program ?? []))
      const unknown = [...run].filter(name => !known.has(name))
      const checked: Checked = {
        pages,
        findings: marked,
        commands,
        unjudged,
        programs: asked.known,
        unknown,
        references,
        coverage: all ? covered.programs : null,
        failOn,
        exitCode: exitCodeOf(marked, failOn, known.size > 0 && unknown.length === 0),
      }
      return { checked, sources: (file, line) => lines.get(file)?.get(line) }
    },
  }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** A single word of code in prose that no program knows is the name of something, and no command. */
function summaries(commands: readonly DocumentedCommand[], judged: readonly JudgedCommand[]): CheckedCommand[] {
  const verdicts = new Map(judged.map(one => [one.command, one]))
  return commands.flatMap(command => {
    const { source, at, from, words } = command
    const one = verdicts.get(command)
    if (one === undefined && from !== 'fence' && words.length < 2) return []
    const judged = one === undefined ? null : { program: one.program, path: one.path, options: one.options }
    return [{ source: shown(source), at, judged }]
  })
}

/** A check that had nothing to check says so. */
function nothingFound(files: readonly string[], commands: readonly CheckedCommand[]): readonly CheckedFinding[] {
  const [first] = files
  if (first === undefined || commands.length > 0) return []
  const where = files.length === 1 ? 'this page' : `any of ${files.length} pages`
  return [
    plain({ rule: 'no-command', severity: 'error', at: topOf(first), message: `no command was found in ${where}` }),
  ]
}

function exitCodeOf(findings: readonly CheckedFinding[], failOn: Severity, proven: boolean): Checked['exitCode'] {
  const failing = findings.filter(
    ({ rule, severity, ignored }) =>
      ignored === undefined && (failOn === 'warning' || severity === 'error') && rule !== 'no-command',
  )
  if (failing.length > 0) return 1
  return proven ? 0 : 3
}

/** Nobody reads more of a line than this. */
const SHOWN_CHARS = 1000

function shown(source: string): string {
  if (source.length <= SHOWN_CHARS) return withoutCredentials(source)
  return `${withoutCredentials(source.slice(0, 2 * SHOWN_CHARS)).slice(0, SHOWN_CHARS)}…`
}

function told(finding: Finding): Finding {
  const { message, suggestion } = finding
  return { ...finding, message: shown(message), ...(suggestion === undefined ? {} : { suggestion: shown(suggestion) }) }
}

function plain(finding: Finding): CheckedFinding {
  return { ...finding, command: undefined, ignored: undefined }
}

/** What two readers say of one place in the same words is told once. */
function unique(findings: readonly Finding[]): Finding[] {
  const told = new Map<string, Finding>()
  for (const finding of findings) {
    const { rule, at, message } = finding
    const key = `${rule} ${at.line}:${at.column} ${message}`
    if (!told.has(key)) told.set(key, finding)
  }
  return [...told.values()]
}
