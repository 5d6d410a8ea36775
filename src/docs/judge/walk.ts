import type { Word } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Place } from '../place.ts'
import type { CommandNode, CommandTree } from '../tree/tree.ts'
import { judgeArguments } from './arguments.ts'
import { optionOf } from './find-option.ts'
import { judgeGiven, missingOptions } from './given.ts'
import { shown } from './near.ts'
import { takeCommand } from './take-command.ts'
import { takeOption, unknownOption } from './take-option.ts'
import { MAX_FINDINGS, WalkState } from './walk-state.ts'
import { isVariable, standsForMany, standsForOptions } from './word.ts'

/** How far the words of a command were followed in the tree of its program, and what is wrong with them. */
export interface Walk {
  readonly path: readonly string[]
  readonly node: CommandNode
  /** First names of the options that are given, each once. */
  readonly options: readonly string[]
  /** What holds however little of the command is shown. */
  readonly findings: readonly Finding[]
  /** What only holds where the command is shown whole: arguments, values and options that it lacks. */
  readonly missing: readonly Finding[]
  /** How many arguments and how many options with all they need are shown. */
  readonly shown: { readonly args: number; readonly options: number; readonly requiredOption: boolean }
  /** Whether anything of it was held against what is known: where it is not, nothing that is written would be wrong. */
  readonly decided: boolean
  /** Why some of it was not judged; always said where nothing was. */
  readonly unjudged: string | undefined
}

/**
 * Follows the words of one command down the tree of its program, as the program's parser would.
 *
 * @param words - without the program
 * @param at - where the program stands, for what is missing right after it
 */
export function walk(tree: CommandTree, words: readonly Word[], at: Place): Walk {
  const state = new WalkState(tree, words, at)
  for (let index = 0; index < state.words.length && !state.stopped; ) {
    index = take(state, index)
    if (state.findings.length >= MAX_FINDINGS) state.stop(`more than ${MAX_FINDINGS} things are wrong with it`)
  }
  finish(state)
  const decided = state.decided()
  return {
    path: state.path,
    node: state.node,
    options: [...new Set(state.given.map(({ spec }) => spec.names[0]))],
    findings: state.findings,
    missing: state.missing,
    shown: {
      args: state.args.length,
      options: state.given.filter(given => !given.lacksValue).length,
      requiredOption: state.given.some(({ spec, lacksValue }) => spec.required && !lacksValue),
    },
    decided,
    unjudged: state.unjudged ?? (decided ? undefined : `nothing of the help of ${state.name} could be read`),
  }
}

/** Takes the word at `index` and what belongs to it; returns where the next one begins. */
function take(state: WalkState, index: number): number {
  const word = state.words[index]!
  const first = word.pieces[0]
  const lead = typeof first === 'string' ? first : ''
  if (!state.dashed && !carries(state)) {
    if (lead === '--' && word.pieces.length === 1) {
      state.dashed = true
      return index + 1
    }
    if (/^-./.test(lead) && !(/^-\.?\d/.test(lead) && state.option(lead.slice(0, 2)) === undefined))
      return takeOption(state, index, lead)
  }
  const takesCommands = state.node.commands.length > 0 || !state.node.commandsKnown
  const wantsCommand = takesCommands && !state.dashed && (state.args.length === 0 || state.isCommand(word))
  if (standsForMany(word)) return takeMany(state, index, wantsCommand)
  if (wantsCommand) return takeCommand(state, index)
  state.args.push(word)
  return index + 1
}

/** `run <toolchain> <command>...`: from the command on, all words are that one's, options too. */
function carries(state: WalkState): boolean {
  const { args } = state.node
  if (args === null || !args.at(-1)?.many) return false
  const carried = args.findIndex(({ name }) => /^(?:command|cmd|program|executable|script)$/i.test(name))
  return carried >= 0 && state.args.length > carried
}

function takeMany(state: WalkState, index: number, wantsCommand: boolean): number {
  const word = state.words[index]!
  state.optionsElided = true
  if (standsForOptions(word)) return index + 1
  state.elided = true
  if (wantsCommand && isVariable(word)) state.stop(`${shown(word.source)} may hold the command`)
  else if (wantsCommand) state.commandElided = true
  return index + 1
}

function finish(state: WalkState): void {
  for (const { word, name } of state.early)
    if (optionOf(state.node, name) === undefined && !state.stopped) unknownOption(state, word, name, name)
  state.findings.push(...judgeGiven(state.given, state.node, state.name).slice(0, MAX_FINDINGS))
  if (state.stopped) return
  if (!state.uncertain && !state.commandElided) {
    const judged = judgeArguments(state.args, state.node, state.name, state.at)
    state.findings.push(...judged.findings.slice(0, MAX_FINDINGS))
    if (judged.unjudged !== undefined) state.unjudged ??= judged.unjudged
    if (!state.elided && !state.asksOnly) state.missing.push(...judged.missing)
  }
  if (state.asksOnly) return
  if (!state.optionsElided) state.missing.push(...missingOptions(state.given, state.node, state.name, state.at))
  if (state.node.commandRequired && state.args.length === 0 && !state.elided)
    state.missing.push({
      rule: 'argument-missing',
      severity: 'error',
      at: state.at,
      message: `${state.name} lacks a command: ${listed(state.node.commands.map(({ name }) => name).filter(name => name !== 'help'))}`,
    })
}

function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
}
