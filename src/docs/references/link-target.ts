import type { Page } from '../page/page.ts'
import { extensionOf } from './relative-path.ts'

export interface LinkTarget {
  readonly path: string
  /** What may exist for it: the path itself and, where a site resolves links, the pages it stands for. */
  readonly forms: readonly string[]
  /** Whether a site may know it though no file is there. */
  readonly byRouter: boolean
}

/** The file that a relative link leads to; undefined for addresses, anchors of the page itself and paths of a site. */
export function linkTarget(url: string, form: Page['form']): LinkTarget | undefined {
  if (/^[a-z][a-z\d+.-]*:|^[/#?]|^$/i.test(url) || /[<>{}\\\0`"|…]|\.\.\./.test(url)) return undefined
  const [bare] = url.split(/[?#]/, 1)
  const path = decoded(bare!)
  if (path === undefined || path === '' || path.length > 1024) return undefined
  if (extensionOf(path) !== '') return { path, forms: [path], byRouter: false }
  const stem = path.replace(/\/$/, '')
  const forms = [path, `${stem}.md`, `${stem}.mdx`, `${stem}/index.md`, `${stem}/index.mdx`]
  return { path, forms, byRouter: form === 'mdx' }
}

function decoded(text: string): string | undefined {
  try {
    const path = decodeURIComponent(text)
    return path.includes('\0') ? undefined : path
  } catch {
    return undefined
  }
}
