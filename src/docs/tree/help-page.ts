import type { ArgumentSpec, HelpStyle, OptionGroup, OptionSpec } from './tree.ts'

/** One level of help, as it was read: a node of the tree whose sub-commands are only names yet. */
export interface HelpPage {
  readonly style: HelpStyle
  /** Other names of this command itself; those that the level above lists are there. */
  readonly aliases: readonly string[]
  readonly options: readonly OptionSpec[]
  readonly optionsKnown: boolean
  readonly args: readonly ArgumentSpec[] | null
  readonly commands: readonly CommandName[]
  readonly commandsKnown: boolean
  readonly commandRequired: boolean
  readonly groups: readonly OptionGroup[]
  /** What is there and was not understood, one sentence each without a full stop. */
  readonly doubts: readonly string[]
}

/** Help of which nothing is known: it proves that a command exists, and nothing is judged by it. */
export const UNKNOWN_PAGE: HelpPage = {
  style: 'other',
  aliases: [],
  options: [],
  optionsKnown: false,
  args: null,
  commands: [],
  commandsKnown: false,
  commandRequired: false,
  groups: [],
  doubts: [],
}

export interface CommandName {
  readonly name: string
  readonly aliases: readonly string[]
}

/** What may stand for a sub-command in a list of them. */
export const COMMAND_NAME = /^[A-Za-z0-9_][\w.:+@-]*$/
