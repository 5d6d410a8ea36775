import { join } from 'node:path'
import { promotionFile } from '../../drill/promote.ts'
import { restorePlace } from '../../drill/subjects.ts'
import type { StepContext } from '../../model/runbook.ts'

/** Keeps the trees that the operator asked for, and says how to go on with them; nothing where they are not to be kept. */
export async function keepRestored({ params, values, run, tools, target }: StepContext): Promise<void> {
  if (params['keep'] !== 'yes') return
  const { directory } = values.get(restorePlace)
  run.fact('kept', directory)
  await tools.files.write(
    promotionFile(run),
    `The restored trees lie in ${directory}/state and ${directory}/workspace. Every slot in them was set anew; the daemon that was
asked wrote only to views of them. To go on with them:

1. Leave the stolen state root where it is, untouched, for the investigation.
2. Give both trees to the service user and group; key and token files stay 0600.
3. Start ${target.program} on them with the original routes file, the original master key and the token files, which hold new tokens.
4. Have a run answered through each route: a credential that the provider does not know is found only by that.
5. Let traffic in only then; take a new backup at once.
`,
  )
  for (const part of ['state', 'workspace']) tools.claims.handOver(join(directory, part))
}
