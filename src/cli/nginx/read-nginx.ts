import { files } from '../../adapters/files.ts'
import { readConfiguration } from '../../adapters/nginx/read-config.ts'
import { excerpt, type Sources } from '../../findings/excerpt.ts'
import { RunproofError } from '../../model/error.ts'
import { asWhole } from '../../nginx/as-whole.ts'
import type { Configuration } from '../../nginx/ast.ts'
import { printConfig } from '../../nginx/print.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'

export const WIDTH = 80

export interface ReadNginx {
  readonly configuration: Configuration
  /** The lines of its files, as they were read. */
  readonly sources: Sources
}

/**
 * A configuration from its files; one that is a part of `http { }` is read as such.
 *
 * @throws RunproofError FILE_UNREADABLE, CONFIG_INVALID
 */
export async function readNginx(file: string): Promise<ReadNginx> {
  const written = await readConfiguration(file)
  return { configuration: asWhole(written), sources: sourcesOf(written) }
}

function sourcesOf(written: Configuration): Sources {
  const lines = new Map<string, readonly string[]>()
  const linesOf = (path: string) => {
    const known = lines.get(path)
    if (known !== undefined) return known
    const file = written.files.find(one => one.path === path)
    if (file === undefined) return undefined
    const read = Buffer.from(printConfig(file)).toString(file.encoding).split(/\r?\n/)
    lines.set(path, read)
    return read
  }
  return (path, line) => linesOf(path)?.[line - 1]
}

/**
 * Shows the line that an error is about, on standard error.
 *
 * @returns the same error
 */
export async function showPlace(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof RunproofError) || thrown.code !== 'CONFIG_INVALID') return thrown
  const [, file, line, column] = /^(.+?):(\d+):(\d+): /s.exec(thrown.message) ?? []
  if (file === undefined) return thrown
  const text = await files.readText(file).catch(() => undefined)
  if (text === undefined) return thrown
  const lines = text.split(/\r?\n/)
  const sources: Sources = (_, number) => lines[number - 1]
  for (const shown of excerpt(sources, { file, line: Number(line), column: Number(column) }, WIDTH))
    process.stderr.write(`${terminalLine(shown)}\n`)
  return thrown
}
