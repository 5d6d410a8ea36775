import { type AskOptions, askProgram, type Late } from '../../adapters/programs/ask-program.ts'
import { findExecutable } from '../../adapters/programs/executable.ts'
import type { KnownProgram } from '../../docs/checked.ts'
import { growTree } from '../../docs/tree/grow.ts'
import { RunproofError } from '../../model/error.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { NamedBinary } from './docs-programs.ts'
import type { KeptTrees } from './kept-trees.ts'

interface Asking {
  readonly allowUnsandboxed: boolean
  /** Ends the asking: nothing of the program runs any more when this throws INTERRUPTED. */
  readonly signal: AbortSignal
  /** Takes what it answered before, if the file has not changed since. */
  readonly kept: KeptTrees | undefined
  /** Of one question, for tests. */
  readonly limits?: Pick<AskOptions, 'timeoutMs' | 'patience'>
}

/**
 * The command tree of a program, by asking it or having asked it.
 *
 * @throws RunproofError TOOL_MISSING, COMMAND_FAILED, FILE_UNREADABLE for what is no program; INTERRUPTED
 */
export async function askTree(
  { name, path }: NamedBinary,
  { allowUnsandboxed, signal, kept, limits }: Asking,
): Promise<KnownProgram> {
  const { cacheKey, named } = await findExecutable(path)
  const before = cacheKey === null ? undefined : kept?.read(cacheKey, name)
  if (before !== undefined) {
    const { tree, sandbox, sideEffects } = before
    return { tree, from: { kind: 'binary', path: named, sandbox, sideEffects, cached: true } }
  }
  await using asked = await askProgram({ path, allowUnsandboxed, ...limits })
  const tree = await unlessAborted(signal, growTree(name, asked, { depth: asked.depth }))
  const sideEffects = [...(await asked.sideEffects())]
  const { sandbox } = asked
  for (const one of asked.late) tellLate(named, one)
  // Whoever may ask more the next time is to get more, and so is who asks on a machine that is less busy.
  const isWhole = asked.depth === 'all' && asked.late.every(({ answered }) => answered)
  // A build may have put another program there meanwhile: what was asked is then neither the one nor the other.
  if (cacheKey !== null && isWhole && (await findExecutable(path)).cacheKey === cacheKey)
    kept?.write(cacheKey, { tree, sandbox, sideEffects })
  return { tree, from: { kind: 'binary', path: asked.path, sandbox, sideEffects, cached: false } }
}

function tellLate(program: string, { words, withinMs, answered }: Late): void {
  const asked = [program, ...words].join(' ')
  const ended = `within ${withinMs / 1_000} s`
  const line = answered
    ? `${asked} was asked again alone, and answered ${ended}`
    : `${asked} did not end ${ended}: what it would have said is not known, and nothing of the program is kept`
  process.stderr.write(`runproof: ${terminalLine(line)}\n`)
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
