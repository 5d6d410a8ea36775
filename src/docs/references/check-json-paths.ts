import type { DocumentedCommand } from '../command.ts'
import type { Page } from '../page/page.ts'
import type { JsonDocument } from './json-document.ts'
import type { References } from './references.ts'

/**
 * Paths of JSON members that a page names in prose (`.health.ok`, `status.health.ok`, `.routes[]`) and in programs of jq, held
 * against schemas and samples. Without any they are unjudged.
 *
 * @param commands - all of the page, of any program
 */
export function checkJsonPaths(
  _page: Page,
  _commands: readonly DocumentedCommand[],
  _documents: readonly JsonDocument[],
): References {
  return { judged: 0, findings: [], unjudged: [] }
}
