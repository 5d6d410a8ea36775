import { closest } from '../model/closest.ts'
import type { Citation } from '../model/runbook.ts'
import { type DocumentedCommand, unquoted, type Word } from './command.ts'
import type { Finding } from './finding.ts'
import { type Place, topOf } from './place.ts'
import { templateWords } from './template.ts'
import type { CommandTree } from './tree/tree.ts'
import { unifyWords, withoutProgram } from './unify.ts'

/** A step of a runbook, as far as documentation is concerned. */
export interface CitingStep {
  /** Id of the runbook. */
  readonly runbook: string
  readonly step: string
  readonly cites: Citation | undefined
  /** What it runs, with placeholders, as the plan shows it. */
  readonly commands: readonly string[]
  /** In the file of the runbook. */
  readonly at: Place
}

/** A page that can be cited. */
export interface CitablePage {
  /** As citations name it. */
  readonly id: string
  readonly file: string
  readonly commands: readonly DocumentedCommand[]
}

export interface Citations {
  readonly findings: readonly Finding[]
  /** Where what a step cites stands: the page where it cites no command. */
  readonly places: ReadonlyMap<CitingStep, Place>
}

/**
 * What is wrong with what steps cite: a page that is not there, a command that does not stand on it, and command lines that
 * are run and are an instance of none that is documented. Programs without a tree are not judged: they are the operator's.
 */
export function judgeCitations(
  steps: readonly CitingStep[],
  pages: readonly CitablePage[],
  trees: readonly CommandTree[],
): Citations {
  const findings: Finding[] = []
  const places = new Map<CitingStep, Place>()
  for (const step of steps) {
    const tell = (rule: Finding['rule'], message: string, suggestion?: string) =>
      findings.push({
        rule,
        severity: 'error',
        at: step.at,
        message: `step ${step.step} of ${step.runbook} ${message}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      })
    const runs = step.commands.flatMap(text => {
      const words = templateWords(text)
      const tree = trees.find(({ program }) => program === words[0]?.source)
      return tree === undefined ? [] : [{ text, words, tree }]
    })
    for (const { text, words, tree } of runs) {
      if (!pages.some(page => page.commands.some(command => unifyWords(command.words, words, tree))))
        tell('citation-argv', `runs ${text}, which no page documents`)
    }

    const { cites } = step
    if (cites === undefined) {
      if (runs.length > 0) tell('citation-page', `runs ${runs[0]!.text} and cites no page`)
      continue
    }
    const page = pages.find(({ id }) => id === cites.page)
    if (page === undefined) {
      const known = pages.map(({ id }) => id)
      tell('citation-page', `cites the page ${cites.page}, and there is none of that name`, closest(cites.page, known))
      continue
    }
    if (cites.command === undefined) {
      places.set(step, topOf(page.file))
      continue
    }
    const cited = found(page.commands, cites.command, trees)
    if (cited === undefined) {
      const near = nearest(page.commands, cites.command, trees)
      const where = near === undefined ? '' : `; nearest is line ${near.at.line}: ${shown(near.words, trees)}`
      tell(
        'citation-command',
        `cites ${cites.command}, which does not stand on ${page.file}${where}`,
        near === undefined ? undefined : shown(near.words, trees),
      )
      continue
    }
    places.set(step, cited.at)
    if (runs.length > 0 && !runs.some(({ words, tree }) => unifyWords(cited.words, words, tree))) {
      const all = runs.map(({ text }) => text).join('; ')
      tell('citation-argv', `cites ${cites.command} (${page.file}:${cited.at.line}) and runs something else: ${all}`)
    }
  }
  return { findings: unique(findings), places }
}

/** Steps that are planned in two ways may be wrong in the same one. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map(one => [`${one.at.line} ${one.message}`, one])).values()]
}

/** As it stands there, word by word; that of a fence goes first, since that is what somebody would copy. */
function found(
  commands: readonly DocumentedCommand[],
  cited: string,
  trees: readonly CommandTree[],
): DocumentedCommand | undefined {
  const asked = shown(templateWords(cited), trees)
  const same = commands.filter(({ words }) => shown(words, trees) === asked)
  return same.find(({ from }) => from === 'fence') ?? same[0]
}

function nearest(
  commands: readonly DocumentedCommand[],
  cited: string,
  trees: readonly CommandTree[],
): DocumentedCommand | undefined {
  const near = closest(
    shown(templateWords(cited), trees),
    commands.map(({ words }) => shown(words, trees)),
  )
  return near === undefined ? undefined : commands.find(({ words }) => shown(words, trees) === near)
}

/** Words without quotes, and without a program that a tree is there for. */
function shown(words: readonly Word[], trees: readonly CommandTree[]): string {
  const tree = trees.find(one => withoutProgram(words, one).length < words.length)
  return (tree === undefined ? words : withoutProgram(words, tree)).map(unquoted).join(' ')
}
