import type { ArgumentSpec } from './tree.ts'

/** `<NAME>`, `[NAME]`, `<NAME>...`, `[NAME]...` */
export const ARGUMENT = /^(?:<([^<>]+)>|\[([^[\]]+)\])(\.\.\.)?/

/** An argument as clap writes it, from what {@link ARGUMENT} matched. */
export function argument([, required, optional, many]: RegExpExecArray): ArgumentSpec {
  const written = (required ?? optional)!
  return {
    name: written.replace(/\.\.\.$/, ''),
    required: required !== undefined,
    many: many !== undefined || written.endsWith('...'),
    values: null,
  }
}
