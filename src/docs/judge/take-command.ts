import { literal, type Word } from '../command.ts'
import type { CommandNode } from '../tree/tree.ts'
import { firstOf, mistyped, shown, suggested } from './near.ts'
import type { WalkState } from './walk-state.ts'
import { childNames, childOf, whereabouts } from './whereabouts.ts'
import { across, alternatives, isPlaceholder, isVariable, placeholderName, standsForCommand } from './word.ts'

/**
 * Takes a word where a sub-command may stand: goes down to it, or tells that there is none.
 *
 * @returns where the next word begins
 */
export function takeCommand(state: WalkState, index: number): number {
  const word = state.words[index]!
  if (state.commandElided) return index + 1
  const text = literal(word)
  const name = text ?? placeholderName(word) ?? word.source
  const children = offered(name).map(part => childOf(state.node, part))
  const child = children[0]
  if (child !== undefined && !children.includes(undefined) && (text !== undefined || children.length > 1)) {
    if (child.name === 'help' && child.commands.length === 0) return takeHelp(state, index)
    descend(state, child, word)
    return index + 1
  }
  if (standsForCommand(word) || isVariable(word)) {
    state.stop(`${shown(word.source)} may be any command`)
    return index + 1
  }
  if (text === 'help' && (state.node.style === 'clap' || state.node.style === 'cobra')) return takeHelp(state, index)
  if (state.node.args !== null && state.node.args.length > 0 && !meansCommand(state, index, name)) {
    state.args.push(word)
    return index + 1
  }
  const near = suggested(name, childNames(state.node))
  if (!state.node.commandsKnown) state.stop(`the commands of ${state.name} are not all known`)
  else if (state.node.args === null && !state.node.commandRequired && near === undefined)
    state.stop(`the help of ${state.name} does not say what it takes`)
  else unknownCommand(state, index, near)
  return index + 1
}

/** Where both an argument and a command may stand, a word is a command that is nearly one, and is followed by one of its own. */
function meansCommand(state: WalkState, index: number, name: string): boolean {
  if (state.node.args?.[0]?.name.startsWith('+') && !name.startsWith('+')) return true
  const near = mistyped(name, childNames(state.node))
  const child = near === undefined ? undefined : childOf(state.node, near)
  const next = state.words[index + 1]
  const text = next === undefined ? undefined : literal(next)
  return child !== undefined && text !== undefined && childOf(child, text) !== undefined
}

/** `help a b` names the command `a b`. */
function takeHelp(state: WalkState, index: number): number {
  const from = state.path.length
  for (let next = index + 1; next < state.words.length; next++) {
    const word = state.words[next]!
    const text = literal(word)
    const child = text === undefined ? undefined : childOf(state.node, text)
    if (child !== undefined) descend(state, child, word)
    else if (text !== undefined && !text.startsWith('-') && !isPlaceholder(word) && state.node.commandsKnown) {
      unknownCommand(state, next, suggested(text, childNames(state.node)))
      break
    }
  }
  state.path.splice(from, 0, 'help')
  state.asksOnly = true
  state.stopped = true
  return state.words.length
}

function descend(state: WalkState, child: CommandNode, word: Word): void {
  state.above.push(state.node)
  state.node = child
  state.path.push(child.name)
  state.args.length = 0
  state.at = word.at
}

function unknownCommand(state: WalkState, index: number, near: string | undefined): void {
  const word = state.words[index]!
  const text = literal(word) ?? word.source
  const next = state.words[index + 1]
  const nextText = next === undefined ? undefined : literal(next)
  const turned = nextText === undefined ? undefined : childOf(state.node, nextText)
  if (next !== undefined && turned !== undefined && childOf(turned, text) !== undefined)
    state.find('unknown-command', across(word.at, next.at), {
      message: `${state.name} has no command \`${shown(text)}\`; it stands below \`${turned.name}\``,
      suggestion: `${nextText} ${text}`,
    })
  else {
    const elsewhere = whereabouts(state.tree).commands.get(text) ?? []
    const below = elsewhere.map(({ path }) => path.slice(0, -1).join(' ')).filter(path => path !== '')
    const option = state.node.options.some(({ names }) => names.includes(`--${text}`)) ? `--${text}` : undefined
    state.find('unknown-command', word.at, {
      message: `${state.name} has no command \`${shown(text)}\`${below.length > 0 ? `; there is one below ${firstOf(below)}` : ''}`,
      suggestion: near ?? option ?? (state.path.length === 0 && below.length === 1 ? `${below[0]} ${text}` : undefined),
    })
  }
  state.stopped = true
  state.asksOnly = true
}

/** `up|down`, and `up/down` where prose names both. */
function offered(name: string): readonly string[] {
  return /^[\w-]+(?:\/[\w-]+)+$/.test(name) ? name.split('/') : alternatives(name)
}
