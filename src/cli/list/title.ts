import { readFileSync } from 'node:fs'

/**
 * The title of a runbook or suite without loading it: its generated page says which one it is, and its source spells it, quoted, word
 * for word. A page that was not made anew after the title had changed has no such witness and is not believed.
 *
 * @param file - path of the source; the page lies beside it
 * @returns undefined where only the runbook itself can tell
 */
export function titleWithoutLoading(id: string, file: string): string | undefined {
  const page = textOf(file.replace(/\.[jt]s$/, '.md'))
  const line = /^---\ntitle: (".*")\n/.exec(page ?? '')?.[1]
  const named = line === undefined ? undefined : parsed(line)
  if (named?.startsWith(`${id}: `) !== true) return undefined
  const title = named.slice(id.length + 2)
  const source = textOf(file) ?? ''
  return ["'", '"', '`'].some(quote => source.includes(`${quote}${title}${quote}`)) ? title : undefined
}

function parsed(line: string): string | undefined {
  try {
    return String(JSON.parse(line))
  } catch {
    return undefined
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
