/**
 * Where Lua code ends: at the first `}` that closes no `{` of its own. Braces within strings, long brackets and comments do
 * not count.
 *
 * @param start - after the opening brace
 * @returns the offset of the closing brace; undefined where there is none
 * @see https://www.lua.org/manual/5.1/manual.html#2.1
 */
export function endOfLua(text: string, start: number): number | undefined {
  const interesting = /[{}"']|--\[=*\[|--|\[=*\[/g
  interesting.lastIndex = start
  let depth = 0
  for (;;) {
    const found = interesting.exec(text)
    if (found === null) return undefined
    const [token] = found
    if (token === '{') depth++
    else if (token === '}') {
      if (depth === 0) return found.index
      depth--
    } else {
      const end = endOfOpaque(text, token, interesting.lastIndex)
      if (end === -1) return undefined
      interesting.lastIndex = end
    }
  }
}

/** After a string or a comment that was just opened; -1 where it has no end. */
function endOfOpaque(text: string, token: string, from: number): number {
  if (token === '"' || token === "'") return endOfString(text, token, from)
  if (token === '--') return text.indexOf('\n', from) + 1 || -1
  const closing = `]${'='.repeat(token.split('=').length - 1)}]`
  const end = text.indexOf(closing, from)
  return end === -1 ? -1 : end + closing.length
}

function endOfString(text: string, quote: string, from: number): number {
  for (let offset = from; offset < text.length; offset++) {
    if (text[offset] === '\\') offset++
    else if (text[offset] === quote) return offset + 1
  }
  return -1
}
