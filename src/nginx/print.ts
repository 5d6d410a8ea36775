import type { ConfigFile, Directive, Word } from './ast.ts'

/** The bytes of a file, exactly those it was parsed from. */
export function printConfig(file: ConfigFile): Uint8Array {
  const parts: string[] = []
  printDirectives(file.directives, parts)
  parts.push(file.after)
  return Buffer.from(parts.join(''), file.encoding)
}

function printDirectives(directives: readonly Directive[], parts: string[]): void {
  for (const { name, args, body } of directives) {
    printWord(name, parts)
    for (const word of args) printWord(word, parts)
    parts.push(body.before)
    if (body.kind === 'ended') parts.push(';')
    else if (body.kind === 'foreign') parts.push('{', body.text, '}')
    else {
      parts.push('{')
      printDirectives(body.directives, parts)
      parts.push(body.beforeEnd, '}')
    }
  }
}

function printWord({ before, raw }: Word, parts: string[]): void {
  parts.push(before, raw)
}
