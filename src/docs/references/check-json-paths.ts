import type { DocumentedCommand, Unjudged, Word } from '../command.ts'
import { literal } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Page } from '../page/page.ts'
import { placeOf } from '../page/place-of.ts'
import type { Place } from '../place.ts'
import { type JqInput, jqInput } from './jq-input.ts'
import { jqPaths } from './jq-paths.ts'
import { jqProgram } from './jq-program.ts'
import type { JsonDocument, Step } from './json-document.ts'
import type { PlacedStep } from './json-path.ts'
import { type LookedUp, lookUp } from './look-up.ts'
import { pathsInProse } from './prose-paths.ts'
import type { References } from './references.ts'

const NO_DOCUMENT = 'no schema or sample is given to look the path up in'
const ANOTHER = 'the jq program reads a file that none of the schemas and samples is of'
const UNSAID = 'it is in none of the schemas and samples, and the page does not say that one of them is read'
const FOREIGN = 'its first member is in none of the schemas and samples'

/**
 * Paths of JSON members that a page names in prose (`.health.ok`, `status.health.ok`, `.routes[]`) and in programs of jq, held
 * against schemas and samples. Without any they are unjudged.
 *
 * @param commands - all of the page, of any program
 */
export function checkJsonPaths(
  page: Page,
  commands: readonly DocumentedCommand[],
  documents: readonly JsonDocument[],
): References {
  const findings: Finding[] = []
  const unjudged: Unjudged[] = []
  let judged = 0

  for (const snippet of page.snippets) {
    if (snippet.kind !== 'inline') continue
    for (const { text, start, steps, sure, among } of pathsInProse(snippet.text, documents)) {
      const at = placeOf(page.file, snippet, start, start + text.length)
      if (documents.length === 0) {
        if (sure) unjudged.push({ source: text, why: NO_DOCUMENT, at })
        continue
      }
      const found = lookUp(among, steps, true)
      if (found.is === 'there') judged++
      else if (found.is === 'foreign' || found.is === 'open') {
        if (sure) unjudged.push({ source: text, why: found.is === 'open' ? openWhy(text) : FOREIGN, at })
      } else if (text.startsWith('.[') && !('member' in steps[0]!)) {
        // Items of which list, it does not say.
        if (sure) unjudged.push({ source: text, why: UNSAID, at })
      } else if (sure || found.nearest !== undefined) {
        judged++
        findings.push(wrong(text, start, steps, found, at))
      }
    }
  }

  for (const [index, command] of commands.entries()) {
    const asked = jqProgram(command)
    if (asked === undefined) continue
    if ('why' in asked) {
      unjudged.push({ source: command.source, why: asked.why, at: command.at })
      continue
    }
    const program = literal(asked.word)!
    const { paths, more } = jqPaths(program)
    if (paths.length > 0 && documents.length === 0) {
      unjudged.push({ source: asked.word.source, why: NO_DOCUMENT, at: asked.word.at })
      continue
    }
    const input = jqInput(asked, command, commands[index - 1], documents)
    if (paths.length > 0 && input.documents.length === 0) {
      unjudged.push({ source: asked.word.source, why: ANOTHER, at: asked.word.at })
      continue
    }
    for (const { from, path } of paths) {
      const text = program.slice(path.start, path.end)
      const at = placeInWord(asked.word, path.start, path.end)
      const found = wholly(lookUp(input.documents, [...from, ...path.steps], false), input)
      if (found.is === 'there') judged++
      else if (found.is === 'foreign') unjudged.push({ source: text, why: FOREIGN, at })
      else if (found.is === 'open') unjudged.push({ source: text, why: openWhy(text), at })
      else if (!input.sure && !isLikely(found, from[0] ?? path.steps[0]))
        unjudged.push({ source: text, why: UNSAID, at })
      else if (found.at >= from.length) {
        judged++
        findings.push(wrong(text, path.start, path.steps, { ...found, at: found.at - from.length }, at))
      }
    }
    if (more)
      unjudged.push({
        source: asked.word.source,
        why: 'more of the jq program is computed than is followed',
        at: asked.word.at,
      })
  }
  return { judged, findings, unjudged }
}

/** Of a document that is surely meant, a first member that it lacks is wrong, too. */
function wholly(found: LookedUp, { documents: [document], sure }: JqInput): LookedUp {
  if (!sure || found.is !== 'foreign' || document === undefined) return found
  return { is: 'wrong', at: 0, document: document.name, list: false, nearest: undefined }
}

/** Of a document that may not be meant: its first member is there, and what is wrong below it is nearly right. */
function isLikely({ at, list, nearest }: Extract<LookedUp, { is: 'wrong' }>, first: Step | undefined): boolean {
  return at > 0 && first !== undefined && 'member' in first && (list || nearest !== undefined)
}

function openWhy(text: string): string {
  return `the schema or sample does not say what is at ${text}`
}

/** @param start - of `text`, in the text that the steps were read from */
function wrong(
  text: string,
  start: number,
  steps: readonly PlacedStep[],
  { at, document, list, nearest }: { at: number; document: string; list: boolean; nearest: string | undefined },
  place: Place,
): Finding {
  const step = steps[at]!
  const written = text.slice(0, step.start - start)
  const before = written.replace(/[.[]$/, '')
  const where = before === '' || before === document ? document : `${before} of ${document}`
  let message = `${where} is no list`
  let suggestion: string | undefined
  if ('member' in step) {
    message = list
      ? `${where} is a list, ${step.member} is a member of its items`
      : `${where} has no member ${step.member}`
    const after = text.slice(step.end - start)
    if (list) suggestion = `${before}[]${text.slice(before.length)}`
    else if (nearest !== undefined) suggestion = `${written}${memberAfter(written, nearest)}${after}`
  }
  return {
    rule: 'json-path-unknown',
    severity: 'error',
    at: place,
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** A member in the notation of jq, to stand behind `written`. */
function memberAfter(written: string, name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) return `[${JSON.stringify(name)}]`
  return written === '' || written.endsWith('.') ? name : `.${name}`
}

/** A stretch of a word in one pair of quotes; of any other word, or one over several lines, the whole. */
function placeInWord(word: Word, start: number, end: number): Place {
  const text = literal(word)!
  const { at, source } = word
  const quote = source === text ? 0 : source === `'${text}'` || source === `"${text}"` ? 1 : undefined
  if (quote === undefined || text.slice(0, end).includes('\n')) return at
  const column = at.column + quote + start
  return { ...at, column, endLine: at.line, endColumn: column + end - start }
}
