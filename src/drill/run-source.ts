import { dirname, join } from 'node:path'
import { programFiles } from '../daemon/program-files.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Instance } from '../model/instance.ts'
import type { ServeExtras } from '../model/target.ts'
import type { Source } from './subjects.ts'

/** Starts the source daemon on its own state root, behind a barrier, and waits until it is ready. */
export async function runSource(
  context: CheckContext,
  site: Source & ServeExtras,
  scratchDir: string,
): Promise<Instance> {
  const { tools, target, signal } = context
  const scratch = join(scratchDir, 'source-runs')
  await tools.files.makeDirectory(scratch)
  const instance = await tools.instances.start({
    scratch,
    barrier: (await tools.instances.detectBarrier()).kind === 'none' ? 'none' : 'best',
    readable: [
      site.routesFile,
      site.masterKeyFile,
      dirname(site.adminTokenFile),
      dirname(site.readonlyTokenFile),
      ...(await programFiles(context, site.binary)),
    ],
    writable: [site.stateRoot, site.workspaceRoot],
    daemon: place => target.serve({ ...site, bind: `127.0.0.1:${place.port}` }),
    signal,
  })
  await using unclaimed = new AsyncDisposableStack()
  unclaimed.use(instance)
  const readiness = await instance.waitReady({ path: target.http.ready, timeoutMs: 30_000, signal })
  if (readiness.outcome === 'ready') {
    unclaimed.move()
    return instance
  }
  throw new RunproofError(
    'INSTANCE_FAILED',
    `the source daemon is ${readiness.outcome} after ${Math.round(readiness.durationMs)} ms`,
  )
}
