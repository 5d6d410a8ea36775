/** Everything that is known of a program's command line, one level of help a node. Saved and checked in as it stands here. */
export interface CommandTree {
  readonly schema: 'runproof-command-tree-1'
  /** As pages call it: `deployctl`. */
  readonly program: string
  /** What it says of itself; null where it was not asked or does not say. */
  readonly version: string | null
  /** Of the file that was asked; null in a tree that was written by hand. */
  readonly sha256: string | null
  readonly root: CommandNode
  /**
   * What could not be read, and why, for telling. Judging goes by the nodes: whatever is told here is not known there
   * (`optionsKnown`, `args`, `commandsKnown`), and the rest of such a node still holds.
   */
  readonly unread: readonly { readonly path: readonly string[]; readonly why: string }[]
}

/** How a page of help is laid out; `completion`: it was read from a completion script; `other`: nothing here reads it. */
export type HelpStyle = 'clap' | 'cobra' | 'commander' | 'argparse' | 'completion' | 'other'

export interface CommandNode {
  readonly name: string
  readonly aliases: readonly string[]
  readonly style: HelpStyle
  /** Those of parents that hold here too (`global`) are repeated at each node. */
  readonly options: readonly OptionSpec[]
  /** Whether every option is in `options`; false where help does not list them. */
  readonly optionsKnown: boolean
  /** In order. Empty: it takes none. Null: help does not say, so nothing is judged. */
  readonly args: readonly ArgumentSpec[] | null
  readonly commands: readonly CommandNode[]
  /** Whether every sub-command is in `commands`. */
  readonly commandsKnown: boolean
  /** Whether one of them has to follow. */
  readonly commandRequired: boolean
  /** Options of which at most one may be given; exactly one where `required`. */
  readonly groups: readonly OptionGroup[]
}

export interface OptionSpec {
  /** With their hyphens, the one that help puts last first: `--output`, `-o`. */
  readonly names: readonly [string, ...string[]]
  /** Null: a switch. */
  readonly value: OptionValue | null
  readonly required: boolean
  /** May be given more than once; null where help does not say. */
  readonly repeatable: boolean | null
}

export interface OptionValue {
  readonly name: string
  /** It may be left out: `--color[=WHEN]`, `--color [WHEN]`. */
  readonly optional: boolean
  /** Only with an equals sign, so that the next word is never it: `--color[=WHEN]`, `--color=WHEN`. */
  readonly attached: boolean
  /** Takes all words up to the next option. */
  readonly many: boolean
  /** What help enumerates; null where anything goes. */
  readonly values: readonly string[] | null
}

export interface ArgumentSpec {
  readonly name: string
  readonly required: boolean
  readonly many: boolean
  readonly values: readonly string[] | null
}

export interface OptionGroup {
  /** The first name of each. */
  readonly options: readonly string[]
  readonly required: boolean
}
