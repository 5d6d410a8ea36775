import { hostname } from 'node:os'
import { relative } from 'node:path'
import { identify } from '../../adapters/process/identity.ts'
import type { Origin } from '../../engine/broken-run.ts'
import { whyUnresumable } from '../../engine/go-on.ts'
import { isWithin } from '../../model/within.ts'
import { ROOT } from '../installation.ts'
import { operatorName } from '../operator.ts'
import type { PreparedRun, Settings } from '../run/prepare-run.ts'
import { version } from '../version.ts'

/** What a run puts on record before anything, so that it can be gone on with. Secrets only by name. */
export function originOf(
  { plan, path, allowedSkips, secrets }: PreparedRun,
  {
    runbookSha256,
    importedSha256,
    counterproofs,
    policy,
  }: Pick<Settings, 'counterproofs' | 'policy'> & Pick<Origin, 'runbookSha256' | 'importedSha256'>,
): Origin {
  const { params } = plan
  const unresumable = whyUnresumable(plan)
  return {
    runbookFile: isWithin(path, ROOT) ? relative(ROOT, path) : path,
    runbookSha256,
    ...(importedSha256 === undefined ? {} : { importedSha256 }),
    params: Object.fromEntries(
      Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    policy: policy.facts,
    counterproofs,
    secrets: Object.values(secrets).map(({ name, generated }) => ({ name, generated })),
    allowedSkips,
    tool: version(),
    holder: identify(process.pid)!,
    user: operatorName(),
    host: hostname(),
    ...(unresumable === undefined ? {} : { unresumable }),
  }
}
