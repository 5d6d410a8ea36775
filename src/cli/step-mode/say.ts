import type { Writable } from 'node:stream'
import { wrap } from '../../findings/wrap.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'

/** Below this lines are broken by the terminal, above it they are hard to read. */
const NARROWEST = 40
const WIDEST = 100

/** How long a line may be. @param columns - of the terminal; undefined where it does not say */
export function lineWidth(columns: number | undefined): number {
  return Math.min(Math.max(columns ?? 80, NARROWEST), WIDEST) - 1
}

/** Says something to whoever sits at the terminal, in lines that fit, and in words that cannot act on it. */
export function sayTo(output: Writable & { readonly columns?: number }): (text: string) => void {
  return text => {
    const lines = text.split('\n').flatMap(line => wrap(terminalLine(line), lineWidth(output.columns)))
    output.write(lines.map(line => `${line}\n`).join(''))
  }
}
