import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { CheckContext } from '../model/check.ts'
import { changed } from '../model/check.ts'
import { type Incoming, incoming, type Part, restored } from './subjects.ts'

/** The context in which one archive is read in another way. */
export function withIncoming(context: CheckContext, part: Part, change: Partial<Incoming>): CheckContext {
  const parts = context.values.get(incoming)
  const broken = { ...parts, [part]: { ...parts[part], ...change } }
  return changed(context, { values: context.values.with(incoming, broken) })
}

/**
 * The context in which one restored tree is a copy that `damage` changed. The copy shares its files with the original, so
 * it costs no space, and `damage` must replace files instead of writing into them (the archive port's functions do).
 */
export async function withDamagedTree(
  context: CheckContext,
  scope: AsyncDisposableStack,
  part: Part,
  damage: (root: string) => Promise<void>,
): Promise<CheckContext> {
  const { archives, files } = context.tools
  const trees = context.values.get(restored)
  const holder = join(trees.stateRoot, '..', 'counterproofs')
  await files.makeDirectory(holder)
  const copy = join(holder, randomBytes(4).toString('hex'))
  scope.defer(() => files.remove(copy))
  await archives.linkedCopy(part === 'state' ? trees.stateRoot : trees.workspaceRoot, copy)
  await damage(copy)
  const broken = part === 'state' ? { ...trees, stateRoot: copy } : { ...trees, workspaceRoot: copy }
  return changed(context, { values: context.values.with(restored, broken) })
}
