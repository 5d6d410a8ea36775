import type { DocumentedCommand, Unjudged } from '../command.ts'
import type { Finding, Severity } from '../finding.ts'
import type { Snippet } from '../page/page.ts'
import { classifySpan } from './classify-span.ts'
import { nameOf, readingOf } from './languages.ts'
import { type ReadScript, readScript } from './read-script.ts'
import { commandLines, readSession } from './session.ts'
import { cut, placeIn, type Source, type Stretch } from './source.ts'

/** What a snippet holds. */
export interface ReadSnippet {
  readonly commands: readonly DocumentedCommand[]
  readonly unjudged: readonly Unjudged[]
  readonly problems: readonly Finding[]
}

const NOTHING: ReadSnippet = { commands: [], unjudged: [], problems: [] }
/** In UTF-16 units. No page has a script of that size, and what is made to be hard to read takes seconds from there on. */
const MAX_TEXT = 2 ** 18
/** Of one snippet; where nearly every line is wrong, it is another language. */
const MAX_PROBLEMS = 20
/** A span of code in prose is never longer; what is, lost a backtick. */
const MAX_SPAN = 4096

/**
 * The commands of a snippet. Fences are read by their language; a span of prose is read where it looks like a command, of
 * which its first word may be a sub-command. Lines of a page that lost its markup hold none here: where a command in them
 * begins and ends, only its program can tell.
 *
 * @param programs - names known for the page: they tell commands in a fence without a language
 */
export function readSnippet(file: string, snippet: Snippet, programs: ReadonlySet<string>): ReadSnippet {
  if (snippet.kind === 'text' || snippet.text.trim() === '') return NOTHING
  const whole: Source = { file, text: snippet.text, segments: snippet.segments }
  if (snippet.text.length > MAX_TEXT) {
    return unjudged(whole, `it is ${snippet.text.length} units long, and at most ${MAX_TEXT} are read`)
  }
  const source = withoutReturns(whole)
  if (snippet.kind === 'inline') return readSpan(source, snippet, programs)

  const severity = mentioned(source.text, programs) === undefined ? 'warning' : 'error'
  const fence = (scripts: readonly ReadScript[]) => assembled(snippet, scripts, 'fence', severity)
  const one = (script: Source) => readScript(script, false, programs)
  const session = (declared: boolean) => {
    const found = readSession(source, declared, programs)
    return found && { ...fence(found.commands.map(one)), more: found.unjudged }
  }
  const language = nameOf(snippet.language)
  const reading = readingOf(snippet.language)
  switch (reading) {
    case 'shell': {
      const read = session(false)
      if (read) return { ...read, unjudged: [...read.unjudged, ...read.more] }
      const script = fence([one(source)])
      return language === 'zsh' ? leniently(script, source) : script
    }
    case 'session':
    case 'unnamed':
    case 'plain': {
      const read = session(reading === 'session')
      if (read) return { ...read, unjudged: [...read.unjudged, ...read.more] }
      if (reading === 'plain') {
        const named = mentioned(source.text, programs)
        return named === undefined
          ? NOTHING
          : unjudged(source, `a fence of ${language} names ${named}: whether it is a command or its output is not said`)
      }
      const lines = commandLines(source, programs)
      if (lines.length > 0) return fence(lines.map(line => readScript(line, true, programs)))
      const what = reading === 'session' ? `the fence of ${language} has no prompt` : 'the fence names no language'
      return unjudged(source, `${what}, and no line of it begins with a known program`)
    }
    case 'foreign':
      return unjudged(source, `a fence of ${language}: only shells of the Bourne family are read`)
    case 'data':
      return NOTHING
    case 'other': {
      const named = mentioned(source.text, programs, /^[ \t]+[\w<-]/)
      return named === undefined
        ? NOTHING
        : unjudged(source, `a fence of ${language} names ${named}: commands inside another language are not read`)
    }
  }
}

/** Prose is no shell: where a span does not parse, it is no command. */
function readSpan(whole: Source, snippet: Snippet, programs: ReadonlySet<string>): ReadSnippet {
  // The end of a line in a span is a blank, but after a backslash nothing; a prompt before the command is no part of it.
  const line = { ...whole, text: whole.text.replaceAll(/(?<!\\)\n/g, ' ') }
  const prompt = /^\s*\$ (?=\S)/.exec(line.text)?.[0].length ?? 0
  const source = prompt > 0 ? cut(line, [[prompt, line.text.length]]) : line
  if (source.text.length > MAX_SPAN || classifySpan(source.text) !== 'command-like') return NOTHING
  const read = readScript(source, true, programs)
  const mistake = read.problems.find(({ typo }) => !typo)
  if (mistake === undefined) {
    // Blanks that do not break are meant in prose, where a name must not.
    const problems = read.problems.filter(({ suggestion }) => suggestion !== undefined)
    return assembled(snippet, [{ ...read, problems }], 'span', 'error')
  }
  const meant = mentioned(source.text, programs) !== undefined || /\s--?[a-z]/.test(source.text)
  return meant ? unjudged(source, `it is not read as a command: ${mistake.message}`) : NOTHING
}

/** @param severity - of its mistakes: fences said to be shell hold trees of files, too, so one without a known program may be right */
function assembled(
  snippet: Snippet,
  scripts: readonly ReadScript[],
  from: DocumentedCommand['from'],
  severity: Severity,
): ReadSnippet {
  const { within, heading } = snippet
  const problems = scripts.flatMap(script => script.problems)
  const next = problems[MAX_PROBLEMS]
  const why = `${problems.length - MAX_PROBLEMS} more mistakes are not told one by one`
  return {
    commands: scripts.flatMap(script => script.commands.map(command => ({ ...command, from, within, heading }))),
    unjudged: [
      ...scripts.flatMap(script => script.unread),
      ...(next ? [{ source: next.message, why, at: next.at }] : []),
    ],
    problems: problems.slice(0, MAX_PROBLEMS).map(({ message, at, suggestion }) => ({
      ...({ rule: 'shell-syntax', severity, at, message } as const),
      ...(suggestion !== undefined && { suggestion }),
    })),
  }
}

/** Another shell than the one whose grammar is read here takes more than it does. */
function leniently(read: ReadSnippet, source: Source): ReadSnippet {
  const [problem] = read.problems
  if (problem === undefined) return read
  const told = unjudged(source, `it is read as Bash, which it may not be: ${problem.message}`).unjudged
  return { ...read, unjudged: [...read.unjudged, ...told], problems: [] }
}

function unjudged(source: Source, why: string): ReadSnippet {
  const start = source.text.search(/\S/)
  const newline = source.text.indexOf('\n', start)
  const end = Math.min(newline < 0 ? source.text.length : newline, start + 200)
  const line = source.text.slice(start, end).trimEnd()
  return { ...NOTHING, unjudged: [{ source: line, why, at: placeIn(source, start, start + line.length) }] }
}

/** A shell takes carriage returns and a byte order mark for letters; pages have them and mean nothing by it. */
function withoutReturns(source: Source): Source {
  const marked = source.text.startsWith('\uFEFF')
  if (!marked && !source.text.includes('\r')) return source
  const kept: Stretch[] = []
  let done = marked ? 1 : 0
  for (const { index } of source.text.matchAll(/\r+(?=\n|$)/g)) {
    kept.push([done, index])
    done = index
    while (source.text[done] === '\r') done++
  }
  return cut(source, [...kept, [done, source.text.length]])
}

/**
 * A program that the text has as a word of its own.
 *
 * @param next - what has to follow its name: code has names of programs that are none
 */
function mentioned(text: string, programs: ReadonlySet<string>, next = /^(?![\w-])/): string | undefined {
  for (const program of programs) {
    for (let at = text.indexOf(program); at >= 0; at = text.indexOf(program, at + 1)) {
      const end = at + program.length
      if (!/[\w.-]/.test(text[at - 1] ?? '') && next.test(text.slice(end, end + 80))) return program
    }
  }
  return undefined
}
