/**
 * The text of a JSX expression that is one literal, such as the child of `<CodeBlock>{`…`}</CodeBlock>`, in pieces with
 * the offset at which each stands. A template with `${…}` in it keeps that as it is written.
 *
 * @param source - from the opening to the closing tag
 * @returns undefined when it is anything else
 */
export function jsxLiteral(source: string): { piece: string; offset: number }[] | undefined {
  const [, before, quote, inner] = /^(\s*\{\s*)(["'`])([\s\S]*)\2\s*\}\s*$/.exec(source) ?? []
  if (inner === undefined || quote === undefined) return undefined
  const start = before!.length + 1
  const pieces: { piece: string; offset: number }[] = []
  let from = 0
  for (const { 0: mark, index } of inner.matchAll(/\\[\s\S]|["'`]/g)) {
    // A quote that is not escaped ends the literal: what follows is an operator, so this is no literal alone.
    if (mark.length === 1) {
      if (mark === quote) return undefined
      continue
    }
    if (!/[\\`'"$]/.test(mark[1]!)) continue
    pieces.push({ piece: inner.slice(from, index), offset: start + from })
    from = index + 1
  }
  pieces.push({ piece: inner.slice(from), offset: start + from })
  return pieces
}
