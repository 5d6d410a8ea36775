/** A mistake of typesetting that turns a command into another one. */
export interface Typo {
  readonly message: string
  readonly suggestion?: string
}

/**
 * What a word processor did to a word: dashes for hyphens, curly quotes, blanks that do not break. Copied into a shell, it
 * is not the command that the page means.
 *
 * @param written - a word as it is written, quotes included
 */
export function typoOf(written: string): Typo | undefined {
  const dash = /^[\u2010-\u2015\u2212]+(?=\p{L})/u.exec(written)?.[0]
  if (dash !== undefined) {
    const option = written.slice(dash.length)
    const suggestion = `${/^\p{L}(?:$|=)/u.test(option) ? '-' : '--'}${option}`
    return { message: `this option begins with ${nameOf(dash)} and not with a hyphen`, suggestion }
  }
  const blank = /[\u00A0\u2007\u202F\u200B\u2060\uFEFF]/.exec(written)?.[0]
  if (blank !== undefined && !/["']/.test(written)) {
    return { message: `${nameOf(blank)} is part of this word, where a blank is meant` }
  }
  if (/(?:^|=)[\u201C\u201D\u201E\u2018\u2019\u00AB]/.test(written)) {
    const suggestion = written.replace(/[\u201C\u201D\u201E\u00AB\u00BB]/g, '"').replace(/[\u2018\u2019]/g, "'")
    return {
      message: 'these quotes are typographic, and quote nothing in a shell',
      ...(balanced(suggestion) && { suggestion }),
    }
  }
  return undefined
}

const NAMES: Readonly<Record<string, string>> = {
  '\u2013': 'an en dash',
  '\u2014': 'an em dash',
  '\u2212': 'a minus sign',
  '\u00A0': 'a no-break space',
  '\u202F': 'a narrow no-break space',
  '\u200B': 'a zero-width space',
  '\uFEFF': 'a byte order mark',
}

function nameOf(units: string): string {
  const [unit] = units
  return NAMES[unit!] ?? `U+${unit!.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}

const balanced = (text: string): boolean => ['"', "'"].every(quote => text.split(quote).length % 2 === 1)
