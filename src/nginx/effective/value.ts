/** A part of a value that is not known before a request comes. */
export interface Unknown {
  readonly variable: string
}

/** What a template comes to: bytes, and variables that are not known. */
export type Value = readonly (string | Unknown)[]

export type Part = string | { readonly variable: string } | { readonly capture: number }

/** Text with `$name`, `${name}` and `$1` taken apart. */
export function parseTemplate(text: string): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(/\$(?:([1-9])|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g)) {
    if (match.index > end) parts.push(text.slice(end, match.index))
    end = match.index + match[0].length
    if (match[1] !== undefined) parts.push({ capture: Number(match[1]) })
    else if (match[2] !== undefined && /^[1-9]$/.test(match[2])) parts.push({ capture: Number(match[2]) })
    else parts.push({ variable: (match[2] ?? match[3])!.toLowerCase() })
  }
  if (end < text.length) parts.push(text.slice(end))
  return parts
}

/** Its bytes, or undefined when a part of it is not known. */
export function plain(value: Value): string | undefined {
  return value.every(part => typeof part === 'string') ? value.join('') : undefined
}

/** With `$name` for what is not known. */
export function display(value: Value): string {
  return value.map(part => (typeof part === 'string' ? part : `$${part.variable}`)).join('')
}
