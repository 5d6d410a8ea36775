import { RunproofError } from '../model/error.ts'
import type { Position } from './ast.ts'

/** `file:line:column`, as compilers and editors write it. */
export function placeOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

/** What is wrong at a place of a configuration. The message holds names and single characters, never an argument: those may be secrets. */
export function invalid(at: Position, problem: string, hint: string): RunproofError {
  return new RunproofError('CONFIG_INVALID', `${placeOf(at)}: ${problem}`, { hint })
}
