import { spawnSync } from 'node:child_process'
import path from 'node:path'

/** What runs start beside a daemon. An option that they do not know ends them, once everything is loaded. */
const COMPANIONS = [
  'provider/provider',
  'mcp/mcp-server',
  'oauth/oauth-server',
  'connector/connector',
  'upstream/upstream',
]

/**
 * Has each write down its compiled code. Behind the barrier of a run it can write nothing, so that in a fresh checkout it would be
 * compiled anew at each start, for half of what a start costs.
 */
export function compileCompanions(root: string): void {
  for (const program of COMPANIONS) {
    const { error } = spawnSync(path.join(root, 'fixtures', program), ['--compiled'], {
      stdio: 'ignore',
      timeout: 10_000,
    })
    if (error !== undefined) throw new Error(`fixtures/${program} of scripts/compile-companions.ts: ${error.message}`)
  }
}
