import { masked } from './mask.ts'
import type { Page } from './page.ts'
import { readMarkup } from './read-markup.ts'

/**
 * Takes the code out of MDX. What does not parse is tried with its placeholders masked; what does not parse then is read
 * as Markdown, and told.
 */
export function readMdx(file: string, source: string): ReturnType<typeof readMarkup> {
  const attempts = [() => readMarkup(file, source, 'mdx'), () => readMarkup(file, source, 'mdx', masked(source))]
  let failure: unknown
  for (const attempt of attempts) {
    try {
      return attempt()
    } catch (error) {
      failure = error
    }
  }
  const read = readMarkup(file, source, 'mdx-as-markdown')
  return { ...read, problems: [syntaxProblem(file, failure), ...read.problems] }
}

/** Errors of the parser say what is wrong in `reason`, and where in `place`, which is a point or a stretch. */
function syntaxProblem(file: string, failure: unknown): Page['problems'][number] {
  const { reason, place } = failure as { reason?: string; place?: Point | { start: Point; end: Point } }
  const start = place === undefined ? { line: 1, column: 1 } : 'start' in place ? place.start : place
  const end = place !== undefined && 'end' in place ? place.end : start
  return {
    rule: 'page-syntax',
    severity: 'warning',
    at: { file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column },
    message: `this is no MDX and was read as Markdown: ${(reason ?? String(failure)).split('\n', 1)[0]}`,
  }
}

interface Point {
  readonly line: number
  readonly column: number
}
