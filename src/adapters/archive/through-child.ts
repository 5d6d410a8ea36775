import type { RunproofError } from '../../model/error.ts'
import { type ChildExit, type ChildOptions, StreamChild } from './child.ts'
import { LentWriter, lent } from './lend.ts'

/**
 * Lent bytes through a program, standard input to standard output. The program is stopped when the reader of these bytes
 * stops early, and a failure of `source` wins over the program's complaint about a cut input.
 *
 * @param failed - makes the error from `exit code 1` or `signal SIGKILL`
 */
export async function* throughChild(
  source: AsyncIterable<Buffer>,
  argv: readonly [string, ...string[]],
  failed: (exit: string) => RunproofError,
  options: ChildOptions = {},
): AsyncGenerator<Buffer> {
  await using child = new StreamChild(argv, options)
  let sourceFailure: { readonly thrown: unknown } | undefined
  const fed = new LentWriter(child.stdin).writeAll(source).catch((thrown: unknown) => {
    sourceFailure = { thrown }
    child.stop()
  })
  yield* lent(child.stdout as AsyncIterable<Buffer>)
  const exit = await child.exit
  if (sourceFailure !== undefined) throw sourceFailure.thrown
  if (exit.code !== 0) throw failed(describeExit(exit))
  await fed
}

export function describeExit(exit: ChildExit): string {
  return exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`
}
