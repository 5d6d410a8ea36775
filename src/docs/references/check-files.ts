import type { RepositoryFiles } from '../../model/repository-files.ts'
import type { DocumentedCommand } from '../command.ts'
import type { Page } from '../page/page.ts'
import type { References } from './references.ts'

/**
 * Files and scripts that a page names, held against what there is: scripts that its commands run, files that its code names,
 * and relative links.
 *
 * @param path - where the page stands below the root of `files`; undefined where it does not, and then links are unjudged
 * @param commands - all of the page, of any program
 */
export function checkFiles(
  _page: Page,
  _path: string | undefined,
  _commands: readonly DocumentedCommand[],
  _files: RepositoryFiles,
): References {
  return { judged: 0, findings: [], unjudged: [] }
}
