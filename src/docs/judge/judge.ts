import type { Page } from '../page/page.ts'
import type { CommandTree } from '../tree/tree.ts'
import type { Verdict } from './verdict.ts'

/** Holds the commands of a page against the programs they name. */
export function judgePage(
  _page: Page,
  _trees: readonly CommandTree[],
  options: { readonly programs: readonly string[] },
): Verdict {
  return {
    programs: { names: options.programs, from: options.programs.length > 0 ? 'option' : 'none' },
    commands: [],
    judged: [],
    findings: [],
    unjudged: [],
  }
}
