import { type CheckContext, changed } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Interposition, TlsFront } from '../model/interposer.ts'
import { type Broken, startBroken } from './start-isolated.ts'
import { type Front, type Isolated, isolated } from './subjects.ts'

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

/** The context in which the isolated daemon is reached through a proxy that misbehaves; where TLS ends in front of it, there. */
export async function withProxy(
  context: CheckContext,
  scope: AsyncDisposableStack,
  how: Interposition,
): Promise<CheckContext> {
  const { interposer } = context.tools
  const subject = context.values.get(isolated)
  const { front } = subject
  const instance =
    front === undefined
      ? await interposer.interpose(subject.instance, how)
      : await interposer.interpose(front.behind, { tls: front.tls, ...how })
  return withDaemon(context, { ...subject, instance: scope.use(instance) })
}

/** The context in which TLS in front of the isolated daemon is another than it was. */
export function withFront(
  context: CheckContext,
  scope: AsyncDisposableStack,
  change: Partial<TlsFront>,
): Promise<CheckContext> {
  return withProxy(context, scope, { tls: { ...frontOf(context).tls, ...change } })
}

/** @throws RunproofError INTERNAL where nothing stands in front */
export function frontOf(context: CheckContext): Front {
  const { front } = context.values.get(isolated)
  if (front === undefined) throw new RunproofError('INTERNAL', 'no TLS ends in front of the isolated daemon')
  return front
}
