import { lead, literal, unquoted, type Word } from './command.ts'
import { plainWord } from './template.ts'
import type { CommandNode, CommandTree } from './tree/tree.ts'

/**
 * Whether a command line that was or will be run is an instance of a documented one: the same sub-commands, the same options
 * in any order, the same arguments in theirs. A hole takes one value, `many` any number of them, and what is optional may be
 * left out. Options that the tree has at its root (where the daemon is, which token) say nothing about the command, and are
 * left alone on both sides.
 *
 * @param words - as documented; the program may be left out where the tree names it
 * @param argv - the program by whichever path first
 * @param tree - without it, words are compared one by one
 */
export function unify(words: readonly Word[], argv: readonly string[], tree?: CommandTree): boolean {
  return unifyWords(words, argv.map(plainWord), tree)
}

/** The same for a command line that is planned: its holes are values that only a hole takes, its `…` may be anything. */
export function unifyWords(words: readonly Word[], run: readonly Word[], tree?: CommandTree): boolean {
  const [program, ...given] = run
  if (program === undefined) return false
  const name = baseName(program.source)
  if (tree === undefined) {
    const [first, ...documented] = words
    return first !== undefined && baseName(literal(first) ?? '') === name && argumentsUnify(documented, given)
  }
  if (tree.program !== name) return false
  const documented = taken(withoutProgram(words, tree), tree)
  const instance = taken(given, tree)
  return documented !== undefined && instance !== undefined && unifies(documented, instance)
}

/** The words of a documented command after its program, which prose may leave out. */
export function withoutProgram(words: readonly Word[], tree: CommandTree): readonly Word[] {
  const [first] = words
  return first !== undefined && baseName(literal(first) ?? '') === tree.program ? words.slice(1) : words
}

/** A command line, told apart by its program's tree. */
interface Taken {
  readonly node: CommandNode
  readonly options: readonly GivenOption[]
  readonly args: readonly Word[]
  /** It says that there may be other words than those it names. */
  readonly open: boolean
}

interface GivenOption {
  /** Its first name. */
  readonly name: string
  readonly value: Word | undefined
  readonly optional: boolean
}

/** Undefined where an option is none of the program's. */
function taken(words: readonly Word[], tree: CommandTree): Taken | undefined {
  const common = new Set(tree.root.options.flatMap(one => one.names).filter(name => !TELLING.has(name)))
  const options: GivenOption[] = []
  const args: Word[] = []
  let node = tree.root
  let open = false
  let onlyArguments = false
  const left = [...words]
  while (left.length > 0) {
    const word = left.shift()!
    const text = literal(word)
    if (word.many && ANYTHING.test(word.source)) open = true
    else if (!onlyArguments && text === '--') onlyArguments = true
    else if (!onlyArguments && isOption(word)) {
      const [name, joined] = splitOption(word)
      const spec = node.options.find(one => one.names.includes(name))
      if (spec === undefined) return undefined
      const values: (Word | undefined)[] = joined === undefined ? [] : [joined]
      if (joined === undefined && spec.value !== null && !spec.value.attached) {
        do {
          const next = left[0]
          if (next === undefined || (values.length > 0 && isOption(next))) break
          values.push(left.shift())
        } while (spec.value.many)
      }
      if (values.length === 0) values.push(undefined)
      if (!common.has(name))
        options.push(...values.map(value => ({ name: spec.names[0], value, optional: word.optional })))
    } else {
      const below = args.length > 0 || onlyArguments ? undefined : node.commands.find(one => isNamed(one, text))
      if (below === undefined) args.push(word)
      else node = below
    }
  }
  return { node, options, args, open: open && node.commands.length === 0 }
}

/** Options that make a program talk about itself instead of doing anything. */
const TELLING: ReadonlySet<string> = new Set(['--help', '-h', '--version', '-V'])
const ANYTHING = /^(?:\.\.\.|…|"?\$@"?|\[options\]|\[OPTIONS\])$/

function splitOption(word: Word): readonly [name: string, value: Word | undefined] {
  const first = lead(word)
  const equals = first.startsWith('--') ? first.indexOf('=') : -1
  if (equals === -1) return [first, undefined]
  const rest = first.slice(equals + 1)
  const pieces = [...(rest === '' ? [] : [rest]), ...word.pieces.slice(1)]
  return [first.slice(0, equals), { ...word, pieces: pieces.length === 0 ? [''] : pieces, many: false }]
}

function isOption(word: Word): boolean {
  return /^-./.test(lead(word))
}

function isNamed(node: CommandNode, text: string | undefined): boolean {
  return text !== undefined && (node.name === text || node.aliases.includes(text))
}

function unifies(documented: Taken, run: Taken): boolean {
  if (documented.node !== run.node) return false
  const unused = [...documented.options]
  for (const option of run.options) {
    const index = unused.findIndex(
      one =>
        one.name === option.name &&
        (one.value === undefined || option.value === undefined
          ? one.value === option.value
          : valueUnifies(one.value, option.value)),
    )
    if (index === -1 && !documented.open) return false
    if (index !== -1) unused.splice(index, 1)
  }
  if (unused.some(option => !option.optional) && !run.open) return false
  return argumentsUnify(documented.args, run.args, { more: documented.open, fewer: run.open })
}

/**
 * Goes through the documented words with every place that the given ones may have come to, so that many words of any number
 * cost no more than their product.
 *
 * @param open - whether there may be more than is documented, or fewer
 */
function argumentsUnify(
  documented: readonly Word[],
  given: readonly Word[],
  open: { readonly more: boolean; readonly fewer: boolean } = { more: false, fewer: false },
): boolean {
  let places = new Set([0])
  for (const word of documented) {
    if (open.fewer && places.has(given.length)) return true
    const next = new Set(word.optional || word.many ? places : [])
    for (const place of places) {
      for (let at = place; at < given.length && valueUnifies(word, given[at]!); at += 1) {
        next.add(at + 1)
        if (!word.many) break
      }
    }
    places = next
  }
  return open.more ? places.size > 0 : places.has(given.length)
}

/** A hole stands for at least one character. */
function valueUnifies({ pieces }: Word, given: Word): boolean {
  const text = unquoted(given)
  let starts: readonly number[] = [0]
  let anywhere = false
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      starts = [Math.min(...starts) + 1]
      anywhere = true
      continue
    }
    const found: number[] = []
    for (let at = 0; at <= text.length - piece.length; at += 1) {
      const here = anywhere ? at >= Math.min(...starts) : starts.includes(at)
      if (here && text.startsWith(piece, at)) found.push(at + piece.length)
    }
    if (found.length === 0) return false
    starts = found
    anywhere = false
  }
  return anywhere ? Math.min(...starts) <= text.length : starts.includes(text.length)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
