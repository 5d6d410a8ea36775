import { askProgram } from '../adapters/programs/ask-program.ts'
import type { KnownProgram } from '../docs/checked.ts'
import { growTree } from '../docs/tree/grow.ts'
import { RunproofError } from '../model/error.ts'
import type { NamedBinary } from './docs-programs.ts'

interface Asking {
  readonly allowUnsandboxed: boolean
  /** Ends the asking: nothing of the program runs any more when this throws INTERRUPTED. */
  readonly signal: AbortSignal
}

/**
 * The command tree of a program, by asking it.
 *
 * @throws RunproofError TOOL_MISSING, COMMAND_FAILED, FILE_UNREADABLE for what is no program; INTERRUPTED
 */
export async function askTree(
  { name, path }: NamedBinary,
  { allowUnsandboxed, signal }: Asking,
): Promise<KnownProgram> {
  await using asked = await askProgram({ path, allowUnsandboxed })
  const tree = await unlessAborted(signal, growTree(name, asked, { depth: asked.depth }))
  const sideEffects = await asked.sideEffects()
  return {
    tree,
    from: { kind: 'binary', path: asked.path, sandbox: asked.sandbox, sideEffects: [...sideEffects], cached: false },
  }
}

/** What is waited for is left alone: releasing the program ends it. */
async function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new RunproofError('INTERRUPTED', 'interrupted while a program was asked'))
  work.catch(() => {})
  aborted.catch(() => {})
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
