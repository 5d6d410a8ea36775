import { editsBetween } from '../../model/closest.ts'
import { literal, type Word } from '../command.ts'
import type { CommandNode, CommandTree } from '../tree/tree.ts'
import { optionName } from './find-option.ts'
import { mistyped, mistypedAlone, shown } from './near.ts'
import { walk } from './walk.ts'
import { childNames, childOf, type Located, whereabouts } from './whereabouts.ts'
import { placeholderName } from './word.ts'

/** Whether code in prose that begins with no program is a command of a program. */
export type Reading =
  | { readonly is: 'command' }
  /** One word that is nearly a command, and may be something else. */
  | { readonly is: 'near'; readonly name: string }
  | { readonly is: 'unjudged'; readonly why: string }
  | { readonly is: 'nothing' }

const COMMAND: Reading = { is: 'command' }
const NOTHING: Reading = { is: 'nothing' }

/** Options that so many programs have that they say nothing about which one is meant. */
export const COMMON: ReadonlySet<string> = new Set(
  (
    'help version verbose quiet output json yaml format color no-color config file name all force yes debug dry-run host port user ' +
    'password token timeout wait watch follow limit env path dir root id type tag label all-namespaces namespace data header request ' +
    'url input recursive interactive detach rm build target release features reason page since until tail lines'
  )
    .split(' ')
    .map(name => `--${name}`),
)

/** Words of prose that are never the second word of a command. */
const PROSE = new Set(
  'a an and are as at be but by does for from had has have if in into is it its may must no nor not of off on or so than that the then this to was when will with'.split(
    ' ',
  ),
)

/**
 * Decides whether a span is a command of `tree`. Only what has a reason to be one is judged, since a page that names `status code` is not wrong:
 * its first word is a command, or nearly one with something of it after it, or an option or a pair of words of it belongs to this program alone.
 *
 * @param others - names of programs that the page runs and that have no tree here
 */
export function readSpan(tree: CommandTree, words: readonly Word[], others: ReadonlySet<string>): Reading {
  const { root } = tree
  const texts = words.map(literal)
  const [first, second] = texts
  if (first === undefined) return hasOption(tree, texts) ? unjudged('it begins with a placeholder') : NOTHING
  const top = childOf(root, first)
  if (words.length === 1) {
    if (top !== undefined) return COMMAND
    const near = mistypedAlone(first, childNames(root))
    return near === undefined || whereabouts(tree).commands.has(first) ? NOTHING : { is: 'near', name: near }
  }
  if (second !== undefined && PROSE.has(second)) return unjudged(`\`${shown(first)} ${second}\` reads like prose`)
  const above = second === undefined ? undefined : childOf(root, second)
  if (above !== undefined && top === undefined && childOf(above, first) !== undefined) return COMMAND
  if (others.has(first)) return NOTHING
  if (top !== undefined) return COMMAND

  const parents = parentsOf(tree, first)
  const fits = parents.find(parent => accepts(tree, parent.node, words))
  if (fits !== undefined) return unjudged(`it fits below \`${fits.path.join(' ')}\`, which it does not name`)

  const near = mistyped(first, childNames(root))
  const node = near === undefined ? undefined : childOf(root, near)
  if (node !== undefined && continues(tree, node, texts)) return COMMAND

  if (near === undefined && isShortened(root, first, texts)) return COMMAND

  if (!/^[a-z][a-z\d_-]*$/.test(first)) return NOTHING
  const rest = words.slice(1)
  if (above !== undefined && accepts(tree, root, rest) && rest.length > 1)
    return unjudged(
      `\`${shown(first)}\` is no program that is known here, and what follows is a command of ${tree.program}`,
    )
  // A name of two words, `put-external`, is nobody else's.
  const own = second?.includes('-') === true && whereabouts(tree).commands.has(second)
  if (own || hasOption(tree, texts) || hasPair(tree, texts) || namesAnArgument(tree, second, words.slice(2)))
    return COMMAND
  return unjudged(`\`${shown(first)}\` is no command of ${tree.program}, and nothing else says that one is meant`)
}

function unjudged(why: string): Reading {
  return { is: 'unjudged', why }
}

/** Commands, other than the program itself, right below which there is one of this name. */
function parentsOf(tree: CommandTree, name: string): Located[] {
  const found = whereabouts(tree).commands.get(name) ?? []
  return found.flatMap(({ above }) => (above === undefined || above.path.length === 0 ? [] : [above])).slice(0, 50)
}

function accepts(tree: CommandTree, node: CommandNode, words: readonly Word[]): boolean {
  return walk({ ...tree, root: node }, words, words[0]!.at).findings.length === 0
}

/** Whether what follows a word that is nearly a command fits that command. */
function continues(tree: CommandTree, node: CommandNode, texts: readonly (string | undefined)[]): boolean {
  const second = texts[1]
  if (second === undefined) return node.args === null || node.args.length > 0 || node.commands.length > 0
  if (childOf(node, second) !== undefined || mistyped(second, childNames(node)) !== undefined) return true
  return texts.some(text => text !== undefined && isOptionOf(tree, text))
}

/** `dwn --all`: three letters are one edit away from many words, so an option of that very command has to follow. */
function isShortened(root: CommandNode, first: string, texts: readonly (string | undefined)[]): boolean {
  if (first.length !== 3) return false
  return root.commands.some(
    ({ name, options }) =>
      name.length > 2 &&
      editsBetween(first, name) === 1 &&
      texts.some(text => {
        const option = text === undefined ? undefined : optionName(text)
        if (option === undefined || !/^--\w/.test(option) || /^--(?:help|version)$/.test(option)) return false
        return options.some(({ names }) => names.includes(option))
      }),
  )
}

function isOptionOf(tree: CommandTree, text: string): boolean {
  return /^--\w/.test(text) && whereabouts(tree).options.has(optionName(text))
}

function hasOption(tree: CommandTree, texts: readonly (string | undefined)[]): boolean {
  return texts.some(text => text !== undefined && isOptionOf(tree, text) && !COMMON.has(optionName(text)))
}

/** Two neighbours of which the second is a sub-command of the first, somewhere in the program. */
function hasPair(tree: CommandTree, texts: readonly (string | undefined)[]): boolean {
  return texts.some((text, index) => {
    const next = texts[index + 1]
    if (index === 0 || text === undefined || next === undefined) return false
    return (whereabouts(tree).commands.get(text) ?? []).some(({ node }) => childOf(node, next) !== undefined)
  })
}

/** `<run_id>` after a word that is a command which takes a `RUN_ID`. */
function namesAnArgument(tree: CommandTree, name: string | undefined, words: readonly Word[]): boolean {
  if (name === undefined) return false
  const wanted = (whereabouts(tree).commands.get(name) ?? []).flatMap(({ node }) => node.args ?? [])
  const names = new Set(
    wanted.map(arg => plain(arg.name)).filter(one => !/^(?:id|name|path|file|value|args?|url)$/.test(one)),
  )
  return words.some(word => names.has(plain(placeholderName(word) ?? '')))
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z\d]/g, '')
}
