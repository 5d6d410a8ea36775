import { emit, hexOf, isLower, isUpper, isWord, type Member, POSIX, shorthand } from './byte-set.ts'

/**
 * An expression of PCRE on bytes as a RegExp that matches the same, or what in it has no counterpart.
 *
 * Letters are spelled out in both cases instead of using the flag `i`, which in JavaScript knows more letters than the
 * ASCII of nginx, and cannot be switched within an expression.
 */
export function translatePattern(source: string, caseless: boolean): RegExp | { readonly unlike: string } {
  try {
    return new RegExp(new Translation(source, caseless).all())
  } catch (thrown) {
    if (thrown instanceof Unlike) return { unlike: thrown.message }
    if (thrown instanceof SyntaxError) return { unlike: 'its syntax' }
    throw thrown
  }
}

class Unlike extends Error {}

const END = '(?![\\s\\S])'
const OUTSIDE: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: END,
  Z: `(?=\\n?${END})`,
  b: '\\b',
  B: '\\B',
  R: '(?:\\r\\n|[\\n\\x0b\\f\\r\\x85])',
  N: '[^\\n]',
}
const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 }

class Translation {
  private readonly source: string
  private at = 0
  private caseless: boolean
  private dotAll = false

  constructor(source: string, caseless: boolean) {
    this.source = source
    this.caseless = caseless
  }

  all(): string {
    const text = this.alternatives()
    if (this.at < this.source.length) throw new SyntaxError('unmatched )')
    return text
  }

  private alternatives(): string {
    let text = ''
    while (this.at < this.source.length && this.source[this.at] !== ')') {
      text += this.take('|') ? '|' : this.quantified()
    }
    return text
  }

  private quantified(): string {
    const atom = this.atom()
    const [quantifier = ''] = /^(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?/.exec(this.source.slice(this.at, this.at + 24)) ?? []
    this.at += quantifier.length
    if (quantifier.length > 1 && quantifier.endsWith('+')) throw new Unlike(`the possessive quantifier ${quantifier}`)
    return atom + quantifier
  }

  private atom(): string {
    const char = this.source[this.at++]!
    if (char === '(') return this.group()
    if (char === '[') return this.set()
    if (char === '\\') return this.escape()
    if (char === '.') return this.dotAll ? '[\\s\\S]' : '[^\\n]'
    if (char === '$') return `(?=\\n?${END})`
    if (char === '^') return '^'
    if ('*+?'.includes(char)) throw new SyntaxError('nothing to repeat')
    return this.literal(char)
  }

  private group(): string {
    if (this.peek('*')) throw new Unlike('a verb, (*…)')
    const outside = { caseless: this.caseless, dotAll: this.dotAll }
    let begin = '('
    if (this.take('?')) {
      if (this.take('#')) return this.comment()
      const rest = this.source.slice(this.at)
      const name = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest)
      const flags = /^(\^?[imsxUJn]*)(?:-([imsxUJn]*))?([:)])/.exec(rest)
      const look = /^(?:[:=!]|<[=!])/.exec(rest)
      if (name !== null) {
        this.at += name[0].length
        begin = `(?<${name[1] ?? name[2]}>`
      } else if (look !== null) {
        this.at += look[0].length
        begin = `(?${look[0]}`
      } else if (flags !== null) {
        this.at += flags[0].length
        this.setFlags(flags[1]!, flags[2] ?? '')
        // Without a colon they hold up to the end of the group around, which puts them back.
        if (flags[3] === ')') return '(?:)'
        begin = '(?:'
      } else throw new Unlike(`a group (?${rest.slice(0, 1)}…)`)
    }
    const text = this.alternatives()
    if (!this.take(')')) throw new SyntaxError('missing )')
    Object.assign(this, outside)
    return `${begin}${text})`
  }

  private setFlags(on: string, off: string): void {
    if (/[^is]/.test(on + off)) throw new Unlike(`the option ${on + off}`)
    for (const [flags, value] of [
      [on, true],
      [off, false],
    ] as const) {
      if (flags.includes('i')) this.caseless = value
      if (flags.includes('s')) this.dotAll = value
    }
  }

  private comment(): string {
    const end = this.source.indexOf(')', this.at)
    if (end < 0) throw new SyntaxError('missing )')
    this.at = end + 1
    return '(?:)'
  }

  private escape(): string {
    const char = this.source[this.at++]
    if (char === undefined) throw new SyntaxError('\\ at the end')
    if (char === 'Q') return this.quote()
    const outside = OUTSIDE[char]
    if (outside !== undefined) return outside
    const members = shorthand(char)
    if (members !== undefined) return emit(members)
    if (/[1-9]/.test(char)) throw new Unlike('a back reference')
    return this.literal(this.escaped(char))
  }

  /** The character that an escape means, outside and within a set. */
  private escaped(char: string): string {
    const control = CONTROLS[char]
    if (control !== undefined) return String.fromCharCode(control)
    const rest = this.source.slice(this.at, this.at + 12)
    const hex = char === 'x' ? /^(?:\{([0-9a-f]{1,2})\}|([0-9a-f]{0,2}))/i.exec(rest) : null
    if (hex !== null) {
      this.at += hex[0].length
      return String.fromCharCode(Number.parseInt(hex[1] ?? (hex[2] || '0'), 16))
    }
    const octal = char === '0' ? /^[0-7]{0,2}/.exec(rest)! : null
    if (octal !== null) {
      this.at += octal[0].length
      return String.fromCharCode(Number.parseInt(`0${octal[0]}`, 8))
    }
    if (/[A-Za-z0-9]/.test(char)) throw new Unlike(`\\${char}`)
    return char
  }

  private quote(): string {
    const end = this.source.indexOf('\\E', this.at)
    const text = this.source.slice(this.at, end < 0 ? undefined : end)
    this.at = end < 0 ? this.source.length : end + 2
    // A quantifier after it belongs to the last character.
    return [...text].map(char => this.literal(char)).join('') || '(?:)'
  }

  private set(): string {
    const negated = this.take('^')
    const members = new Set<number>()
    for (let first = true; first || !this.peek(']'); first = false) {
      if (this.at >= this.source.length) throw new SyntaxError('missing ]')
      const from = this.member()
      if (typeof from === 'number' && this.peek('-') && this.source[this.at + 1] !== ']') {
        this.at++
        const to = this.member()
        if (typeof to !== 'number') throw new Unlike('a range up to a class')
        if (to < from) throw new SyntaxError('range out of order')
        for (let byte = from; byte <= to; byte++) members.add(byte)
      } else if (typeof from === 'number') members.add(from)
      else for (let byte = 0; byte < 256; byte++) if (from(byte)) members.add(byte)
    }
    this.at++
    if (this.caseless) {
      for (const byte of [...members]) if (isUpper(byte) || isLower(byte)) members.add(byte ^ 32)
    }
    return emit(byte => members.has(byte) !== negated)
  }

  private member(): number | Member {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.source.slice(this.at, this.at + 16))
    if (posix !== null) {
      const member = Object.hasOwn(POSIX, posix[2]!) ? POSIX[posix[2]!] : undefined
      if (member === undefined) throw new SyntaxError(`no class ${posix[0]}`)
      this.at += posix[0].length
      return posix[1] === '' ? member : byte => !member(byte)
    }
    const char = this.source[this.at++]
    if (char === undefined) throw new SyntaxError('missing ]')
    if (char !== '\\') return char.charCodeAt(0)
    const escaped = this.source[this.at++]
    if (escaped === undefined) throw new SyntaxError('\\ at the end')
    if (escaped === 'b') return 8
    return shorthand(escaped) ?? this.escaped(escaped).charCodeAt(0)
  }

  private literal(char: string): string {
    const byte = char.charCodeAt(0)
    if (this.caseless && (isUpper(byte) || isLower(byte))) return emit(other => (other | 32) === (byte | 32))
    return isWord(byte) || char === '/' || char === '-' ? char : hexOf(byte)
  }

  private peek(char: string): boolean {
    return this.source[this.at] === char
  }

  private take(char: string): boolean {
    const there = this.peek(char)
    if (there) this.at++
    return there
  }
}
