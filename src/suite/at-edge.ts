import { withBrokenDaemon } from '../daemon/break.ts'
import { delegate } from '../daemon/delegate.ts'
import { daemon, isolated, type Reached } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import { type CheckContext, changed } from '../model/check.ts'
import type { NginxSource } from '../model/nginx.ts'
import type { StepContext } from '../model/runbook.ts'
import { canStartEdge, type Edge, startEdge } from './edge.ts'
import { edgeConfiguration } from './edge-configuration.ts'

/** The nginx in front of the daemon that is asked. */
export const edge = capture<Edge>('edge', 'the proxy in front of the daemon')

/** A running daemon as it is reached without its proxy. */
export const directly = capture<Reached>('directly', 'the daemon without the proxy in front of it')

const atEdge = capture<true>('at-edge', 'that the daemon is asked through its proxy')

/** The context in which the daemon is asked through the proxy in front of it; one in which it is already, unchanged. */
export function throughEdge(context: CheckContext): CheckContext {
  const { values } = context
  const subject = values.get(isolated)
  const front = values.find(edge)
  // A running daemon is reached through its own proxy, and nothing else is known of it.
  if (values.find(atEdge) === true || subject.reached !== 'isolated' || front === undefined) return context
  const { place, request, openStream, run } = front
  const { host } = values.get(edgeConfiguration)
  const instance = delegate(subject.instance, {
    // By name: a proxy knows itself by no other, and shows its certificate to nobody else.
    place: { ...subject.instance.place, baseUrl: place.baseUrl.replace('//127.0.0.1:', `//${host}:`) },
    request,
    openStream,
    run,
  })
  return changed(context, { values: values.with(isolated, { ...subject, instance }).with(atEdge, true) })
}

/** The context in which a running daemon is asked without its proxy; one of the suite’s own is reached so anyway. */
export function straight(context: CheckContext): CheckContext {
  const instance = context.values.find(directly)
  if (instance === undefined) return context
  const asked = context.values.get(daemon)
  return changed(context, { values: context.values.with(daemon, { ...asked, instance }) })
}

/** Puts an nginx in front of the suite’s own daemon, where there is one; of a running daemon, finds the way past its proxy. */
export async function putEdgeBefore(context: StepContext): Promise<void> {
  const { params, tools, run, values } = context
  if (values.get(daemon).reached === 'isolated') {
    if (!(await canStartEdge(context))) return
    const scope = new AsyncDisposableStack()
    run.defer('the proxy in front of the daemon', () => scope.disposeAsync())
    context.set(edge, (await withEdge(context, scope)).values.get(edge))
    return
  }
  const url = params['direct-url']
  if (url === undefined) return
  const http = await tools.http.connect({ baseUrl: url })
  run.defer('connections to the daemon without its proxy', () => http.close())
  context.set(directly, {
    place: http.place,
    request: (path, options) => http.request(path, options),
    openStream: (path, options) => http.openStream(path, options),
    run: (command, options) => tools.commands.run(command, options),
  })
}

/** Puts an nginx in front of the daemon that a context asks. Released with the scope. */
async function withEdge(
  context: CheckContext,
  scope: AsyncDisposableStack,
  source?: NginxSource,
): Promise<CheckContext> {
  const { host, front, source: given } = context.values.get(edgeConfiguration)
  const { instance } = context.values.get(isolated)
  const made = scope.use(await startEdge(context, instance, source ?? given, { host, front: front.address }))
  return changed(context, { values: context.values.with(edge, made) })
}

/** Another daemon of the same kind behind another nginx, asked through it. Neither has counted a refusal yet. */
export async function withFreshEdge(
  context: CheckContext,
  scope: AsyncDisposableStack,
  source?: NginxSource,
): Promise<CheckContext> {
  return throughEdge(await withEdge(await withBrokenDaemon(context, scope, {}), scope, source))
}
