import type { Place } from './place.ts'

/**
 * A workflow command of GitHub Actions, in one line: an annotation, at a place of the checkout where one is given.
 *
 * @see the runner's own toolkit: percent first, then what would end the command or one of its properties
 */
export function workflowCommand(
  level: 'error' | 'warning' | 'notice',
  { title, at }: { readonly title: string; readonly at?: Place },
  text: string,
): string {
  const properties: readonly (readonly [string, string | number | undefined])[] = [
    ['file', at?.file],
    ['line', at?.line],
    ['endLine', at?.endLine],
    ['col', at?.column],
    // The runner shows columns only of places in one line.
    ['endColumn', at?.endLine === at?.line ? at?.endColumn : undefined],
    ['title', title],
  ]
  const given = properties.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`],
  )
  return `::${level} ${given.join(',')}::${escapeData(text)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
