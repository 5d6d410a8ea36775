import type { DocumentedCommand, Unjudged } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Snippet } from '../page/page.ts'
import { classifySpan } from './classify-span.ts'
import { nameOf, readingOf } from './languages.ts'
import { type ReadScript, readScript } from './read-script.ts'
import { commandLines, sessionCommands } from './session.ts'
import { placeIn, type Source } from './source.ts'

/** What a snippet holds. */
export interface ReadSnippet {
  readonly commands: readonly DocumentedCommand[]
  readonly unjudged: readonly Unjudged[]
  readonly problems: readonly Finding[]
}

const NOTHING: ReadSnippet = { commands: [], unjudged: [], problems: [] }
/** In UTF-16 units. No page has a script of that size; reading one is not worth the memory. */
const MAX_TEXT = 2 ** 20

/**
 * The commands of a snippet. Fences are read by their language; a span of prose is read where it looks like a command, of
 * which its first word may be a sub-command; lines of a page that lost its markup are for `wordsOfText`.
 *
 * @param programs - names known for the page: they tell commands in a fence without a language
 */
export function readSnippet(file: string, snippet: Snippet, programs: ReadonlySet<string>): ReadSnippet {
  const source: Source = { file, text: snippet.text, segments: snippet.segments }
  if (snippet.text.trim() === '') return NOTHING
  if (snippet.text.length > MAX_TEXT) {
    return unjudged(source, `it is ${snippet.text.length} units long, and at most ${MAX_TEXT} are read`)
  }
  if (snippet.kind === 'text') return NOTHING
  if (snippet.kind === 'inline') return readSpan(source, snippet, programs)

  switch (readingOf(snippet.language)) {
    case 'shell':
      return sessionCommands(source, false, programs) === undefined
        ? assembled(snippet, source, [readScript(source, false, programs)], 'fence')
        : readSession(source, snippet, programs)
    case 'session':
      return readSession(source, snippet, programs)
    case 'unnamed': {
      if (sessionCommands(source, false, programs) !== undefined) return readSession(source, snippet, programs)
      const lines = commandLines(source, programs)
      if (lines.length === 0)
        return unjudged(source, 'the fence names no language, and no line of it begins with a known program')
      return assembled(
        snippet,
        source,
        lines.map(line => readScript(line, false, programs)),
        'fence',
      )
    }
    case 'foreign':
      return unjudged(source, `a fence of ${nameOf(snippet.language)}: only shells of the Bourne family are read`)
    case 'data':
      return NOTHING
    case 'other': {
      const named = [...programs].find(program => mentions(snippet.text, program))
      return named === undefined
        ? NOTHING
        : unjudged(
            source,
            `a fence of ${nameOf(snippet.language)} names ${named}: commands inside another language are not read`,
          )
    }
  }
}

function readSession(source: Source, snippet: Snippet, programs: ReadonlySet<string>): ReadSnippet {
  const session = sessionCommands(source, true, programs)
  if (session === undefined) return assembled(snippet, source, [readScript(source, false, programs)], 'fence')
  const read = assembled(
    snippet,
    source,
    session.commands.map(command => readScript(command, false, programs)),
    'fence',
  )
  return { ...read, unjudged: [...read.unjudged, ...session.unjudged] }
}

/** Prose is no shell: where it does not parse, it is not a command, unless a known program begins it. */
function readSpan(source: Source, snippet: Snippet, programs: ReadonlySet<string>): ReadSnippet {
  if (classifySpan(source.text) !== 'command-like') return NOTHING
  const read = readScript(source, true, programs)
  const [mistake] = read.problems
  if (mistake === undefined) return assembled(snippet, source, [read], 'span')
  if ([...programs].some(program => mentions(source.text, program)) || /\s--?[a-z]/.test(source.text)) {
    return unjudged(source, `it is not read as a command: ${mistake.message}`)
  }
  return NOTHING
}

function assembled(snippet: Snippet, _: Source, scripts: readonly ReadScript[], from: 'fence' | 'span'): ReadSnippet {
  const { within, heading } = snippet
  return {
    commands: scripts.flatMap(script => script.commands.map(command => ({ ...command, from, within, heading }))),
    unjudged: scripts.flatMap(script => script.unread),
    problems: scripts.flatMap(script =>
      script.problems.map(({ message, at }) => ({ rule: 'shell-syntax', severity: 'error', at, message }) as const),
    ),
  }
}

function unjudged(source: Source, why: string): ReadSnippet {
  const start = source.text.search(/\S/)
  const newline = source.text.indexOf('\n', start)
  const end = Math.min(newline < 0 ? source.text.length : newline, start + 200)
  const line = source.text.slice(start, end).trimEnd()
  return { ...NOTHING, unjudged: [{ source: line, why, at: placeIn(source, start, start + line.length) }] }
}

/** A name as a word of its own. */
function mentions(text: string, program: string): boolean {
  for (let at = text.indexOf(program); at >= 0; at = text.indexOf(program, at + 1)) {
    if (!/[\w.-]/.test(text[at - 1] ?? '') && !/[\w.-]/.test(text[at + program.length] ?? '')) return true
  }
  return false
}
