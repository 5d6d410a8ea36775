import { type CheckContext, changed } from '../model/check.ts'
import type { Interposition } from '../model/interposer.ts'
import { type Broken, startBroken } from './start-isolated.ts'
import { type Isolated, isolated } from './subjects.ts'

/** The context in which another daemon is asked. */
export function withDaemon(context: CheckContext, other: Isolated): CheckContext {
  return changed(context, { values: context.values.with(isolated, other) })
}

/** The context in which a daemon is asked that was started in a broken way. */
export async function withBrokenDaemon(
  context: CheckContext,
  scope: AsyncDisposableStack,
  how: Broken,
): Promise<CheckContext> {
  return withDaemon(context, await startBroken(context, scope, how))
}

/** The context in which the isolated daemon is reached through a proxy that misbehaves. */
export async function withProxy(
  context: CheckContext,
  scope: AsyncDisposableStack,
  how: Interposition,
): Promise<CheckContext> {
  const subject = context.values.get(isolated)
  return withDaemon(context, {
    ...subject,
    instance: scope.use(await context.tools.interposer.interpose(subject.instance, how)),
  })
}
