import { plainText } from '../../model/plain-text.ts'

/**
 * JSON that acts on no terminal it is shown on. Such characters stand in texts alone, where an escape means the same; line breaks
 * stand between members.
 */
export function shownJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent)
    .split('\n')
    .map(line => plainText(line, escaped))
    .join('\n')
}

/** What is beyond four digits takes two escapes. */
function escaped(code: string): string {
  const units = String.fromCodePoint(Number.parseInt(code, 16)).split('')
  return units.map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
}
