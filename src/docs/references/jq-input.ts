import { type DocumentedCommand, literal, type Word } from '../command.ts'
import type { JqProgram } from './jq-program.ts'
import type { JsonDocument } from './json-document.ts'

/** What a program of jq is held against. */
export interface JqInput {
  /** Empty: it reads something that none of the documents is a sample or schema of. */
  readonly documents: readonly JsonDocument[]
  /** Whether the page says that it reads one of them. */
  readonly sure: boolean
}

/**
 * Which documents a program of jq reads. A document of the name `status` is meant by the file `status.json`, and by what `deployctl status`
 * pipes; one of the name `runs-get` by `deployctl runs get`. Another file is another document; of what another command pipes nobody knows.
 *
 * @param before - the command that stands before it on the page
 */
export function jqInput(
  { files }: JqProgram,
  command: DocumentedCommand,
  before: DocumentedCommand | undefined,
  documents: readonly JsonDocument[],
): JqInput {
  const named = files.map(nameOf)
  if (named.includes(undefined)) return { documents, sure: false }
  if (named.length > 0) {
    const meant = documents.filter(({ name }) => named.every(file => isNamed(file!, name)))
    return { documents: meant, sure: true }
  }
  if (!command.readsStdin || before === undefined || !stepsInto(before, command)) return { documents, sure: false }
  const steps = before.words.map(literal).filter(text => text !== undefined && !text.startsWith('-'))
  const said = `-${steps.map(step => plain(step!)).join('-')}-`
  const meant = documents.filter(({ name }) => said.includes(`-${plain(name)}-`))
  return meant.length > 0 ? { documents: meant, sure: true } : { documents, sure: false }
}

/** The last part of a path without `.json`; undefined of one that is only known when it runs. */
function nameOf(file: Word): string | undefined {
  const text = literal(file)
  return text === undefined || text === '-' || text.startsWith('/dev/')
    ? undefined
    : plain(text.replace(/^.*\//s, '').replace(/\.json$/, ''))
}

/** `status`, `status-before` and `status.2` are all of `status`. */
function isNamed(file: string, name: string): boolean {
  return file === plain(name) || file.startsWith(`${plain(name)}-`)
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[._\s]/g, '-')
}

/** Nothing but a pipe and the end of a line fits between them. */
function stepsInto({ at: before }: DocumentedCommand, { at }: DocumentedCommand): boolean {
  return before.file === at.file && at.line - before.endLine <= 1 && before.endLine <= at.line
}
