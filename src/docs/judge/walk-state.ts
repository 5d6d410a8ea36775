import { literal, type Word } from '../command.ts'
import type { Finding, RuleId } from '../finding.ts'
import type { Place } from '../place.ts'
import type { CommandNode, CommandTree, OptionSpec } from '../tree/tree.ts'
import { meantOption } from './find-option.ts'
import type { Given } from './given.ts'
import { childOf, type Located, whereabouts } from './whereabouts.ts'

/** Of one command. Nobody reads more, and a page may have a command of a million words. */
export const MAX_FINDINGS = 20

/** How far a command was read: what its parser would know at this word. */
export class WalkState {
  readonly tree: CommandTree
  readonly words: readonly Word[]
  readonly above: CommandNode[] = []
  readonly path: string[] = []
  readonly given: Given[] = []
  readonly args: Word[] = []
  readonly findings: Finding[] = []
  readonly missing: Finding[] = []
  /** Options before a sub-command that may turn out to be its own. */
  readonly early: { word: Word; name: string }[] = []
  node: CommandNode
  at: Place
  unjudged: string | undefined
  stopped = false
  dashed = false
  /** `...` stands somewhere: arguments may be hidden in it. */
  elided = false
  /** `[OPTIONS]` or `...` stands somewhere: options may be hidden in it. */
  optionsElided = false
  /** `...` stands before the last sub-command: any command below may be meant. */
  commandElided = false
  /** An unknown option may have taken the next word. */
  uncertain = false
  /** It asks for help or for the version, which needs nothing else. */
  asksOnly = false

  constructor(tree: CommandTree, words: readonly Word[], at: Place) {
    this.tree = tree
    this.words = words
    this.node = tree.root
    this.at = at
  }

  /** Whether anything of it was held against what is known. */
  decided(): boolean {
    if (this.path.length > 0 || this.given.length > 0 || this.findings.length > 0) return true
    if (this.stopped || this.uncertain) return false
    const { args, optionsKnown, commandsKnown, commands } = this.node
    if (this.args.length > 0) return args !== null
    return args !== null || optionsKnown || commandsKnown || commands.length > 0
  }

  get name(): string {
    return [this.tree.program, ...this.path].join(' ')
  }

  /** What an option of this name is at the present command, or at one that `...` may hide. */
  option(name: string): OptionSpec | undefined {
    const meant = meantOption(this.node, this.above, name)
    if (meant !== undefined || !this.commandElided) return meant
    return this.below(name).find(({ path }) => path.length >= this.path.length)?.spec
  }

  /** Where options of this name are at the present command and below it. */
  below(name: string): readonly (Located & { readonly spec: OptionSpec })[] {
    const all = whereabouts(this.tree).options.get(name) ?? []
    return all.filter(({ path }) => this.path.every((step, at) => path[at] === step))
  }

  /** Whether a word is the name of a command right below the present one. */
  isCommand(word: Word): boolean {
    const text = literal(word)
    return text !== undefined && childOf(this.node, text) !== undefined
  }

  find(rule: RuleId, at: Place, { message, suggestion }: { message: string; suggestion?: string | undefined }): void {
    this.findings.push({ rule, severity: 'error', at, message, ...(suggestion === undefined ? {} : { suggestion }) })
  }

  stop(why: string): void {
    this.unjudged ??= why
    this.stopped = true
  }
}
