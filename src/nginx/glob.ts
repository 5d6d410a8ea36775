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

/**
 * What the bytes of one name between slashes have to look like, as `glob(3)` of the C locale has it: a leading dot is
 * matched by a dot only, and there are neither `**` nor braces.
 */
function segmentExpression(written: string): RegExp {
  const segment = bytesOf(written)
  let source = /^\\?\./.test(segment) ? '' : '(?!\\.)'
  for (let offset = 0; offset < segment.length; offset++) {
    const character = segment[offset]!
    if (character === '*') source += '.*'
    else if (character === '?') source += '.'
    else if (character === '\\') source += RegExp.escape(segment[++offset] ?? '\\')
    else if (character === '[') {
      const set = /^\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]])*)\]/.exec(segment.slice(offset))
      if (set === null) source += '\\['
      else {
        source += setExpression(set[1] !== '', set[2]!)
        offset += set[0].length - 1
      }
    } else source += RegExp.escape(character)
  }
  try {
    return new RegExp(`^${source}$`, 's')
  } catch {
    // a range that runs backwards matches nothing
    return /^(?!)/
  }
}

/** One character a byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function setExpression(negated: boolean, members: string): string {
  const escaped = members.replace(/\[:(\w+):\]|\\?([^-])/gs, (_, name: string | undefined, character: string) => {
    if (name !== undefined) return CLASSES[name] ?? ''
    return /[\]\\^[/]/.test(character) ? `\\${character}` : character
  })
  // a hyphen at either end is itself
  return `[${negated ? '^' : ''}${escaped.replace(/^-|-$/g, '\\-')}]`
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
    const expression = segmentExpression(segment)
    found = found.flatMap(prefix => {
      const names = list(prefix === '' ? '.' : prefix.replace(/(.)\/+$/s, '$1')) ?? []
      return names.filter(name => expression.test(bytesOf(name))).map(name => `${prefix}${name}${slash}`)
    })
  })
  return found.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
}
