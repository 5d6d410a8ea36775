import path from 'node:path'
import { files } from '../../adapters/files.ts'
import type { CitablePage } from '../../docs/citations.ts'
import { judgePage } from '../../docs/judge/judge.ts'
import { readPage } from '../../docs/page/read-page.ts'
import type { CommandTree } from '../../docs/tree/tree.ts'
import { ROOT } from '../installation.ts'
import { PAGES_DIR } from '../run/run-facts.ts'
import { readSavedTrees } from './docs-programs.ts'

/** `<program>/<version>.json` */
const TREES = path.join(ROOT, 'fixtures', 'docs')

export interface Citable {
  readonly pages: readonly CitablePage[]
  readonly trees: readonly CommandTree[]
}

/**
 * The operator pages of this installation and the saved trees of the programs they are about.
 *
 * @throws RunproofError USAGE, TREE_INVALID, FILE_UNREADABLE
 */
export async function readCitable(pagesDir: string = PAGES_DIR): Promise<Citable> {
  const names = (await files.list(pagesDir)).filter(name => name.endsWith('.md'))
  if (names.length === 0) return { pages: [], trees: [] }
  const known = await readSavedTrees([TREES], file => path.relative(ROOT, file))
  const trees = known.map(({ tree }) => tree)
  const pages = await Promise.all(
    names.map(async name => {
      const file = path.relative(ROOT, path.join(pagesDir, name))
      const page = readPage(file, await files.readBytes(path.join(pagesDir, name)))
      return { id: name.slice(0, -'.md'.length), file, commands: judgePage(page, trees, { programs: [] }).commands }
    }),
  )
  return { pages, trees }
}
