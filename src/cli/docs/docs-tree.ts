import { files } from '../../adapters/files.ts'
import { writeTree } from '../../docs/tree/saved.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { DocsTreeFlags } from '../commands/docs.ts'
import { interruptible } from '../interrupt.ts'
import { askTree } from './ask-tree.ts'
import { namedBinary } from './docs-programs.ts'

/** Modes of what is checked in: others read it, too. */
const SHARED = 0o644

/** Asks a program for its commands and writes them down; what it did, and what could not be read, goes to standard error. */
export async function saveTree({ binary, output, allowUnsandboxed = false }: DocsTreeFlags): Promise<number> {
  using interrupt = interruptible(process, () => {})
  const { tree, from } = await askTree(namedBinary(binary), {
    allowUnsandboxed,
    signal: interrupt.signal,
    kept: undefined,
  })
  const effects = from.kind === 'binary' ? from.sideEffects.map(text => `when it was asked: ${text}`) : []
  const unread = tree.unread.map(({ path, why }) => `not read: ${[tree.program, ...path].join(' ')}: ${why}`)
  for (const line of [...effects, ...unread]) process.stderr.write(`${terminalLine(line)}\n`)
  if (output === undefined) process.stdout.write(writeTree(tree))
  else await files.write(output, writeTree(tree), SHARED)
  return 0
}
