import { isolated } from '../daemon/subjects.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { type Configured, mcpSite } from './mcp-site.ts'

const READY_WITHIN_MS = 15_000

/**
 * Stops the daemon the polite way and starts it again on the same state and port, with another configuration of its MCP servers.
 *
 * @throws RunproofError INSTANCE_FAILED when it does not stop, or is not ready again
 */
export async function restartAs(context: CheckContext, configured: Configured): Promise<void> {
  const { target, signal } = context
  const { instance } = context.values.get(isolated)
  const site = context.values.get(mcpSite)
  site.configured = configured
  const exit = await instance.restart({ graceMs: 10_000 })
  const { outcome } = await instance.waitReady({ path: target.http.ready, timeoutMs: READY_WITHIN_MS, signal })
  if (outcome !== 'ready')
    throw new RunproofError('INSTANCE_FAILED', `started again, the daemon is ${outcome} after ${READY_WITHIN_MS} ms`)
  site.restarts.push({ ...exit, port: Number(new URL(instance.place.baseUrl).port) })
}
