import { parse, postprocess, preprocess } from 'micromark'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfmTable } from 'micromark-extension-gfm-table'
import { mdxjs } from 'micromark-extension-mdxjs'
import type { Event, Extension } from 'micromark-util-types'

/**
 * Markdown as micromark, the tokenizer below remark, sees it. Its events say where each line of code stands, also in lists
 * and quotations, and whether a fence was closed; the tree that remark makes of them says neither, and takes half as long
 * again to build.
 *
 * Emphasis is switched off: it hides no code, and a page of `*****` makes it quadratic.
 */
const COMMON: Extension[] = [frontmatter(['yaml', 'toml']), gfmTable(), { disable: { null: ['attention'] } }]
const EXTENSIONS = { markdown: COMMON, mdx: [...COMMON, mdxjs()] }

/** @throws Error of the parser with a `place` when MDX has a syntax error; Markdown has none */
export function parseMarkup(source: string, form: 'markdown' | 'mdx'): Event[] {
  const document = parse({ extensions: EXTENSIONS[form] }).document()
  return postprocess(document.write(preprocess()(source, undefined, true)))
}
