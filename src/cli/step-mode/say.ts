import type { Writable } from 'node:stream'
import { wrap } from '../../findings/wrap.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'

/** Below this lines are broken by the terminal, above it they are hard to read. */
const NARROWEST = 20
const WIDEST = 100

/** How long a line may be. @param columns - of the terminal; undefined where it does not say */
export function lineWidth(columns: number | undefined): number {
  return Math.min(Math.max(columns ?? 80, NARROWEST), WIDEST) - 1
}

/** A question in lines that fit. What stands between two blanks stays together: a key with what it does. The answer goes behind the last line. */
export function promptText(prompt: string, columns: number | undefined): string {
  const width = lineWidth(columns)
  return prompt
    .split('\n')
    .flatMap(line => (line.length <= width ? [line] : filled(line, line.includes('  ') ? '  ' : ' ', width)))
    .join('\n')
}

function filled(line: string, glue: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const part of line.trimEnd().split(glue)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + glue.length + part.length > width) lines.push(part)
    else lines[lines.length - 1] = `${last}${glue}${part}`
  }
  const blank = line.slice(line.trimEnd().length)
  return [...lines.slice(0, -1), `${lines.at(-1)}${blank}`]
}

/** Says something to whoever sits at the terminal, in lines that fit, and in words that cannot act on it. */
export function sayTo(output: Writable & { readonly columns?: number }): (text: string) => void {
  return text => {
    const lines = text.split('\n').flatMap(line => wrap(terminalLine(line), lineWidth(output.columns)))
    output.write(lines.map(line => `${line}\n`).join(''))
  }
}
