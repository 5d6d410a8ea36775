import { parse as parseToml, TomlError } from 'smol-toml'
import { forEachChild, parse as parseShell, type SyntaxNode } from 'unbash'
import { parseAllDocuments } from 'yaml'
import { extensionOf } from './relative-path.ts'

type StatementCommand = ReturnType<typeof parseShell>['commands'][number]['command']

/** What a file that a page refers to is worth: it parses, it does not, or nothing here reads its language. */
export type Syntax =
  | { readonly is: 'right' }
  | { readonly is: 'wrong'; readonly line: number; readonly why: string }
  | { readonly is: 'unjudged'; readonly why: string }

const RIGHT: Syntax = { is: 'right' }

/**
 * Whether a script or a file of settings parses, by its extension and, where it has none, by its first line. Shell is read as Bash, which
 * takes everything a POSIX shell does.
 */
export function checkSyntax(path: string, text: string): Syntax {
  switch (extensionOf(path)) {
    case '.sh':
    case '.bash':
      return shell(text)
    case '.json':
      return /(?:^|\/)(?:tsconfig|jsconfig)[^/]*$|\.vscode\//.test(path)
        ? { is: 'unjudged', why: 'it is JSON with comments' }
        : json(text)
    case '.yaml':
    case '.yml':
      return text.includes('{{') ? { is: 'unjudged', why: 'it is a template' } : yaml(text)
    case '.toml':
      return toml(text)
    default: {
      const [firstLine] = text.split('\n', 1)
      if (/^#!.*\b(?:ba|da)?sh\b/.test(firstLine!)) return shell(text)
      return { is: 'unjudged', why: 'only shell scripts, JSON, YAML and TOML are parsed' }
    }
  }
}

function shell(text: string): Syntax {
  let first: { readonly pos: number; readonly message: string } | undefined
  const look = (node: SyntaxNode): void => {
    if ('errors' in node) {
      for (const error of node.errors ?? []) if (first === undefined || error.pos < first.pos) first = error
    }
    forEachChild(node, look)
  }
  const script = parseShell(text)
  look(script as unknown as SyntaxNode)
  // A shell reads as it goes: behind an `exit` or `exec` of the first level there may be anything, for instance another language.
  if (first !== undefined && script.commands.some(({ command, end }) => end <= first!.pos && neverReturns(command)))
    return RIGHT
  return first === undefined ? RIGHT : { is: 'wrong', line: lineOf(text, first.pos), why: first.message }
}

function neverReturns(command: StatementCommand): boolean {
  if (command.type !== 'Command') return false
  const name = command.name?.value
  return name === 'exit' || (name === 'exec' && command.args.length > 0)
}

function json(text: string): Syntax {
  try {
    JSON.parse(text)
    return RIGHT
  } catch (error) {
    const [why] = (error as SyntaxError).message.split(/,? (?:"|\.\.\.)| in JSON| \(line/)
    const line = /\(line (\d+) column/.exec((error as SyntaxError).message)?.[1]
    return { is: 'wrong', line: line === undefined ? lineOf(text, text.length) : Number(line), why: why! }
  }
}

function yaml(text: string): Syntax {
  const documents = parseAllDocuments(text, { logLevel: 'silent' })
  const [error] = Array.isArray(documents) ? documents.flatMap(document => document.errors) : []
  if (error === undefined) return RIGHT
  return { is: 'wrong', line: lineOf(text, error.pos[0]), why: error.message.split(/ at line | \n|\n/, 1)[0]! }
}

function toml(text: string): Syntax {
  try {
    parseToml(text)
    return RIGHT
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [head] = error.message.replace(/^Invalid TOML document: /, '').split('\n', 1)
    return { is: 'wrong', line: error.line, why: head! }
  }
}

function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}
