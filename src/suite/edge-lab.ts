import { join } from 'node:path'
import { capture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import type { HttpClient } from '../model/http.ts'
import type { NginxSource } from '../model/nginx.ts'
import type { StepContext } from '../model/runbook.ts'
import { startCompanion } from './companion.ts'
import { canStartEdge, type Edge, edgeTunnels, startEdge } from './edge.ts'
import { edgeConfiguration } from './edge-configuration.ts'

/** A configuration in a real nginx, in front of something that answers with what arrived. */
export interface EdgeLab {
  readonly edge: Edge
  readonly source: NginxSource
  /** Where it and others like it are made. */
  readonly scratch: string
  /** Where it goes in place of every address that is written there. */
  readonly goesTo: string
  /** What is behind it, asked directly. */
  readonly upstream: HttpClient
}

export const edgeLab = capture<EdgeLab>('edge-lab', 'the configuration in front of what shows what arrives')

const UPSTREAM = 'upstream'

/**
 * Runs a configuration behind a barrier of its own, where there is no daemon. Released with the scope.
 *
 * @throws RunproofError BARRIER_UNAVAILABLE, TOOL_MISSING, CONFIG_INVALID, INSTANCE_FAILED, INTERRUPTED
 */
export async function startEdgeLab(
  context: CheckContext,
  scope: AsyncDisposableStack,
  scratch: string,
  source: NginxSource,
): Promise<EdgeLab> {
  const { tools, signal, values } = context
  const instance = scope.use(
    await tools.instances.start({
      scratch,
      barrier: (await tools.instances.detectBarrier()).kind === 'none' ? 'none' : 'best',
      tunnels: [...edgeTunnels(source), UPSTREAM],
      signal,
    }),
  )
  await startCompanion(context, instance, UPSTREAM)
  const { host, front } = values.get(edgeConfiguration)
  const port = instance.place.tunnels[UPSTREAM]!
  const edge = scope.use(await startEdge(context, instance, source, { port, host, front: front.address }))
  return { edge, source, scratch, goesTo: `127.0.0.1:${port}`, upstream: instance.through(UPSTREAM) }
}

/** Runs the configuration that is judged, for all checks of it; where there is no nginx, nothing. */
export async function makeEdgeLab(context: StepContext): Promise<void> {
  const { run, tools, values } = context
  if (!(await canStartEdge(context))) return
  const scope = new AsyncDisposableStack()
  run.defer('the proxy in front of an upstream', () => scope.disposeAsync())
  const scratch = join(run.scratchDir, 'lab')
  await tools.files.makeDirectory(scratch)
  context.set(edgeLab, await startEdgeLab(context, scope, scratch, values.get(edgeConfiguration).source))
}
