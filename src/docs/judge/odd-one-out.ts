import type { Finding } from '../finding.ts'
import type { Judged } from './judge-command.ts'

/** So many others have to show their arguments before one that does not is odd. */
const OTHERS = 3

/**
 * Commands that show no argument where the others of the same table, or of the lists below the same heading, show theirs. Prose may name a command
 * without its arguments, but a list of commands to type is not prose. Told only of one that is alone in it and is not shown whole beside.
 *
 * @param judged - commands in prose, in the order of the page
 * @returns warnings
 */
export function oddOnesOut(judged: readonly Judged[]): Finding[] {
  return blocksOf(judged).flatMap(block => {
    const bare = block.filter(({ unshown }) => unshown !== undefined)
    const [only] = bare
    if (only?.unshown === undefined || bare.length > 1) return []
    const whole = block.filter(({ takesArguments, judged }) => takesArguments && judged.extent === 'whole')
    const path = pathOf(only)
    if (whole.length < OTHERS || whole.some(other => pathOf(other) === path)) return []
    const { message, ...finding } = only.unshown
    return [{ ...finding, severity: 'warning', message: `${message}, which the other commands here show` }]
  })
}

/** A table ends where its lines do; the items of lists below one heading belong together. */
function blocksOf(judged: readonly Judged[]): Judged[][] {
  const blocks: Judged[][] = []
  let last: Judged | undefined
  for (const one of judged) {
    const kind = kindOf(one)
    if (kind === undefined) continue
    const { command } = one.judged
    const same =
      last !== undefined &&
      kindOf(last) === kind &&
      last.judged.command.heading === command.heading &&
      (kind === 'list' || command.at.line - last.judged.command.at.endLine <= 1)
    if (same) blocks.at(-1)!.push(one)
    else blocks.push([one])
    last = one
  }
  return blocks
}

function kindOf({ judged: { command } }: Judged): 'table' | 'list' | undefined {
  if (command.from !== 'span') return undefined
  return command.within.includes('table') ? 'table' : command.within.includes('list') ? 'list' : undefined
}

function pathOf({ judged: { program, path } }: Judged): string {
  return [program, ...path].join(' ')
}
