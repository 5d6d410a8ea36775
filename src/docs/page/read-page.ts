import { hash } from 'node:crypto'
import path from 'node:path'
import type { Page } from './page.ts'
import { readMarkup } from './read-markup.ts'
import { readMdx } from './read-mdx.ts'
import { readPlainText } from './read-plain-text.ts'
import { sourceOf } from './source-of.ts'

/**
 * A page of documentation, taken apart into what it sets as code.
 *
 * @param file - as it is shown in places; its extension tells the form: `.mdx`, `.txt` that has no fences, else Markdown
 * @param bytes - of the whole file
 * @returns also for a page that cannot be read; then it has problems and no snippets
 */
export function readPage(file: string, bytes: Uint8Array): Page {
  const sha256 = hash('sha256', bytes)
  const named = formOf(file)
  const text = sourceOf(file, bytes)
  if ('problem' in text)
    return { file, form: named, sha256, programs: [], snippets: [], links: [], problems: [text.problem] }

  const form = named === 'text' && hasFences(text.source) ? 'markdown' : named
  return { file, form, sha256, ...READERS[form](file, text.source) }
}

const READERS = {
  markdown: (file: string, source: string) => readMarkup(file, source, 'markdown'),
  mdx: readMdx,
  text: (_: string, source: string) => readPlainText(source),
}

function formOf(file: string): Page['form'] {
  switch (path.extname(file).toLowerCase()) {
    case '.mdx':
      return 'mdx'
    case '.txt':
      return 'text'
    default:
      return 'markdown'
  }
}

/** Whether a page named as text, such as `llms.txt`, still has its markup: a fence at the margin that another one closes. */
function hasFences(source: string): boolean {
  const open = new Set<string>()
  for (const [, mark, info] of source.matchAll(/^(```|~~~)(.*)$/gm)) {
    if (info!.trim() === '' && open.has(mark!)) return true
    open.add(mark!)
  }
  return false
}
