import { type DocumentedCommand, literal, type Piece, type Word } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Snippet } from '../page/page.ts'
import { placeOf } from '../page/place-of.ts'
import type { Place } from '../place.ts'
import type { CommandNode, CommandTree } from '../tree/tree.ts'
import { optionName, optionOf } from './find-option.ts'
import { mistyped } from './near.ts'
import { programName } from './programs.ts'
import type { JudgedCommand } from './verdict.ts'
import { walk } from './walk.ts'
import { childNames, childOf, whereabouts } from './whereabouts.ts'
import { across } from './word.ts'

interface JudgedLine {
  readonly judged: readonly JudgedCommand[]
  readonly findings: readonly Finding[]
  readonly unjudged: readonly { readonly source: string; readonly at: Place }[]
}

/** Runs of a line that are commands; ends are indexes of words, the second exclusive. */
interface Run {
  readonly tree: CommandTree
  readonly start: number
  readonly end: number
  /** The program itself is the first word. */
  readonly named: boolean
}

/** Longer lines are data, and none of them is prose. In UTF-16 units. */
const MAX_LINE = 20_000

/**
 * Finds commands in a line that lost its markup. Where they end cannot be seen there, so only words and options are judged, and only of runs
 * that are surely meant: two words that the program knows, or one and an option of it.
 *
 * @param own - the programs of the page
 * @param all - everything there is a tree of, by program: a program that is named needs no declaration
 */
export function judgeTextLine(
  file: string,
  snippet: Snippet,
  own: readonly CommandTree[],
  all: ReadonlyMap<string, CommandTree>,
): JudgedLine {
  if (snippet.text.length > MAX_LINE) return { judged: [], findings: [], unjudged: [] }
  const words = wordsOf(file, snippet)
  const judged: JudgedCommand[] = []
  const findings: Finding[] = []
  let left: Word | undefined
  for (let index = 0; index < words.length; ) {
    const run = runAt(words, index, own, all)
    if (run === undefined) {
      const word = words[index]!
      if (treeOf(word, all) !== undefined || /^--\w/.test(word.source)) left ??= word
      index++
      continue
    }
    const taken = words.slice(run.start, run.end)
    const command = commandOf(snippet, taken)
    const result = walk(run.tree, run.named ? taken.slice(1) : taken, taken[0]!.at)
    const { path, options } = result
    judged.push({ command, program: run.tree.program, path, options, extent: 'words' })
    findings.push(...result.findings.filter(({ rule }) => !rule.startsWith('argument-')))
    index = run.end
  }
  return {
    judged,
    findings,
    unjudged: left === undefined || judged.length > 0 ? [] : [{ source: snippet.text.slice(0, 200), at: left.at }],
  }
}

function runAt(
  words: readonly Word[],
  start: number,
  own: readonly CommandTree[],
  all: ReadonlyMap<string, CommandTree>,
): Run | undefined {
  const program = treeOf(words[start]!, all)
  if (program !== undefined) {
    const { end, known } = follow(program, words, start + 1, true)
    return known > 0 ? { tree: program, start, end, named: true } : undefined
  }
  for (const tree of own) {
    const { end, known } = follow(tree, words, start, false)
    if (known > 1) return { tree, start, end, named: false }
  }
  return undefined
}

function treeOf(word: Word, all: ReadonlyMap<string, CommandTree>): CommandTree | undefined {
  const name = programName(word)
  return name === undefined ? undefined : all.get(name)
}

/** How far words from `start` on are a command, and how many of them the program surely knows. */
function follow(
  tree: CommandTree,
  words: readonly Word[],
  start: number,
  named: boolean,
): { end: number; known: number } {
  let node: CommandNode = tree.root
  let known = 0
  let index = start
  for (; index < words.length; index++) {
    const text = literal(words[index]!)
    if (text === undefined) break
    const child = childOf(node, text) ?? meantChild(node, words, index, tree, named)
    if (child === undefined) break
    node = child
    known++
  }
  if (known === 0 && !named) return { end: index, known }
  const sure = known > 0 && (named || known > 1)
  let args = sure ? (node.args?.length ?? 0) : 0
  for (; index < words.length; index++) {
    const text = literal(words[index]!)
    if (text !== undefined && !/^--?[A-Za-z]/.test(text)) {
      // Arguments look like prose, so they are only taken along where an option follows that few of them.
      const next = words.slice(index, index + args + 1).findIndex(word => /^--[A-Za-z]/.test(literal(word) ?? ''))
      if (next < 0) break
      args -= next
      index += next - 1
      continue
    }
    if (text === undefined) continue
    const spec = optionOf(node, optionName(text))
    if (
      spec !== undefined ||
      whereabouts(tree).options.has(text) ||
      mistyped(text.slice(2), whereabouts(tree).long) !== undefined
    )
      known++
    if (spec?.value && !spec.value.attached && !text.includes('=') && index + 1 < words.length) index++
  }
  return { end: Math.min(index, words.length), known }
}

/** A word that is nearly a command is taken for one where the program is named or where what follows it is of that command. */
function meantChild(
  node: CommandNode,
  words: readonly Word[],
  index: number,
  tree: CommandTree,
  named: boolean,
): CommandNode | undefined {
  const next = words[index + 1] === undefined ? undefined : literal(words[index + 1]!)
  const known = whereabouts(tree)
  const option = next !== undefined && /^--\w/.test(next) && known.options.has(next)
  // Nearly every word of prose ends here, before anything is compared with it.
  if (!named && !option && (next === undefined || !known.commands.has(next))) return undefined
  const near = mistyped(literal(words[index]!)!, childNames(node))
  const child = near === undefined ? undefined : childOf(node, near)
  if (child === undefined) return undefined
  return named || option || (next !== undefined && childOf(child, next) !== undefined) ? child : undefined
}

/** Words between blanks, without the punctuation of a sentence and quotation marks around them. */
function wordsOf(file: string, snippet: Snippet): Word[] {
  return [...snippet.text.matchAll(/\S+/g)].flatMap(match => {
    const bare = /^[("'“‘`]*(.*?)[)"'”’`.,;:!?]*$/s.exec(match[0])!
    const text = /^(?:\.{3}|…)$/.test(match[0]) ? match[0] : bare[1]!
    if (text === '') return []
    const from = match.index + match[0].indexOf(text)
    const at = placeOf(file, snippet, from, from + text.length)
    const hole = /^(?:<[^>]+>|\$\{?\w+\}?|\.{3}|…)$/.test(text)
    const pieces: readonly Piece[] = [hole ? { hole: text } : text]
    return [{ pieces, many: /^(?:\.{3}|…)$/.test(text), optional: false, at, source: text }]
  })
}

function commandOf(snippet: Snippet, words: readonly Word[]): DocumentedCommand {
  return {
    words,
    env: [],
    readsStdin: false,
    redirected: { reads: [], writes: [] },
    from: 'text',
    within: snippet.within,
    heading: snippet.heading,
    at: across(words[0]!.at, words.at(-1)!.at),
    source: words.map(({ source }) => source).join(' '),
  }
}

/** Programs with a tree that a line names. */
export function programsOfLine(snippet: Snippet, all: ReadonlyMap<string, CommandTree>): string[] {
  if (snippet.text.length > MAX_LINE) return []
  // Nearly no line holds one at all, and words with their places are only found for those that do.
  const held = [...all.keys()].filter(program => snippet.text.includes(program))
  if (held.length === 0) return []
  const names = new Set(wordsOf('', snippet).map(programName))
  return held.filter(program => names.has(program))
}
