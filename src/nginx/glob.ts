import { bytesOf } from './bytes.ts'

/** Whether nginx looks for files by this name, instead of opening it. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path)
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9a-fA-F',
}

/** `*`, or what one byte has to be. */
type Token = '*' | RegExp

/** The bytes of one name between slashes, as `glob(3)` of the C locale reads them: there are neither `**` nor braces. */
function tokensOf(segment: string): readonly Token[] {
  const tokens: Token[] = []
  for (let offset = 0; offset < segment.length; offset++) {
    const character = segment[offset]!
    if (character === '*') tokens.push('*')
    else if (character === '?') tokens.push(/^.$/s)
    else if (character === '\\') tokens.push(exactly(segment[++offset] ?? '\\'))
    else {
      const set = character === '[' ? /^\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]])*)\]/.exec(segment.slice(offset)) : null
      tokens.push(set === null ? exactly(character) : setExpression(set[1] !== '', set[2]!))
      if (set !== null) offset += set[0].length - 1
    }
  }
  return tokens
}

/** In time of the product of both lengths, however many stars there are: only the last one is ever tried again. */
function matches(tokens: readonly Token[], name: string): boolean {
  let token = 0
  let star = -1
  let resume = 0
  for (let offset = 0; offset < name.length; ) {
    const expected = tokens[token]
    if (expected === '*') {
      star = token++
      resume = offset
    } else if (expected?.test(name[offset]!)) {
      token++
      offset++
    } else if (star !== -1) {
      token = star + 1
      offset = ++resume
    } else return false
  }
  return tokens.slice(token).every(rest => rest === '*')
}

function exactly(character: string): RegExp {
  return new RegExp(`^${RegExp.escape(character)}$`)
}

function setExpression(negated: boolean, members: string): RegExp {
  const escaped = members.replace(/\[:(\w+):\]|\\?([^-])/gs, (_, name: string | undefined, character: string) => {
    if (name !== undefined) return CLASSES[name] ?? ''
    return /[\]\\^[/]/.test(character) ? `\\${character}` : character
  })
  // a hyphen at either end is itself
  const source = `^[${negated ? '^' : ''}${escaped.replace(/^-|-$/g, '\\-')}]$`
  try {
    return new RegExp(source)
  } catch {
    // a range that runs backwards matches nothing
    return /^(?!)/
  }
}

/**
 * The paths that match, in the order of nginx: by their bytes.
 *
 * @param list - names in a directory (`.` for the current one, no trailing slash); undefined where there is none
 * @param exists - asked where the last names are no patterns
 */
export function expandPattern(
  pattern: string,
  list: (directory: string) => readonly string[] | undefined,
  exists: (path: string) => boolean,
): readonly string[] {
  const segments = pattern.split('/')
  let found = ['']
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1
    const slash = last ? '' : '/'
    if (!isPattern(segment)) {
      const plain = segment.replace(/\\(.)/gs, '$1')
      found = found.map(prefix => `${prefix}${plain}${slash}`)
      if (last) found = found.filter(exists)
      return
    }
    const tokens = tokensOf(bytesOf(segment))
    // a leading dot is matched by a dot only
    const hidden = /^\\?\./.test(segment)
    const fits = (name: string) => name.startsWith('.') === hidden && matches(tokens, bytesOf(name))
    found = found.flatMap(prefix => {
      const names = list(prefix === '' ? '.' : prefix.replace(/(.)\/+$/s, '$1')) ?? []
      return names.filter(fits).map(name => `${prefix}${name}${slash}`)
    })
  })
  return found.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
}
