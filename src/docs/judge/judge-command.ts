import type { DocumentedCommand, Word } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { CommandTree } from '../tree/tree.ts'
import type { JudgedCommand } from './verdict.ts'
import { type Walk, walk } from './walk.ts'

/** What came of one command. */
export interface Judged {
  readonly judged: JudgedCommand
  /** Whether anything of it could be judged. */
  readonly decided: boolean
  readonly findings: readonly Finding[]
  /** An argument that the command needs and does not show, and that prose may leave out. */
  readonly unshown: Finding | undefined
  /** Whether it needs arguments. */
  readonly takesArguments: boolean
  /** Why some of it was not judged. */
  readonly unjudged: string | undefined
}

/**
 * Holds a command against its program.
 *
 * @param words - without the program
 */
export function judgeCommand(
  tree: CommandTree,
  command: DocumentedCommand,
  words: readonly Word[] = command.words.slice(1),
): Judged {
  // What is missing is missing after the program, or after the first word where it is not named.
  const walked = walk(tree, words, command.words[0]!.at)
  const { path, options, unjudged } = walked
  const { missing, whole } = command.from === 'fence' ? { missing: walked.missing, whole: true } : shownMissing(walked)
  return {
    judged: { command, program: tree.program, path, options, extent: whole ? 'whole' : 'words' },
    decided: walked.decided || missing.length > 0,
    findings: [...walked.findings, ...missing],
    unshown:
      whole || walked.node.commandRequired ? undefined : walked.missing.find(({ rule }) => rule === 'argument-missing'),
    takesArguments: walked.node.args?.some(({ required }) => required) ?? false,
    unjudged,
  }
}

/**
 * Code in prose often only names a command (`runs get`), so it is asked for what it lacks by what it shows: for arguments where it shows one,
 * or a required option, or two options; for options where it shows one. It never has to go on with a sub-command.
 */
function shownMissing({ missing, shown, node }: Walk): { missing: readonly Finding[]; whole: boolean } {
  const whole = shown.args > 0 || shown.options > 1 || shown.requiredOption
  const asksForCommand = node.commandRequired && shown.args === 0
  const due = missing.filter(({ rule }) => {
    if (rule === 'argument-missing') return whole && !asksForCommand
    if (rule === 'flag-missing') return shown.options > 0
    return whole || shown.options > 0
  })
  return { missing: due, whole }
}
