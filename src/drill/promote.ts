import { join } from 'node:path'
import type { RunNotes, StepContext } from '../model/runbook.ts'
import { restorePlace } from './subjects.ts'

/** Says how to go on with trees that are kept. Only for a restore that was validated: its presence is what keeps them. */
export async function tellPromotion(context: StepContext): Promise<void> {
  if (context.params['keep'] !== 'yes') return
  const { directory } = context.values.get(restorePlace)
  context.run.fact('kept', directory)
  context.run.fact('next-steps', 'artifacts/promotion.txt')
  await context.tools.files.write(promotionFile(context.run), promotion(context, directory))
  // A crash from here on must not have gc remove what its operator was told to use.
  for (const part of ['state', 'workspace']) context.tools.claims.handOver(join(directory, part))
}

export function promotionFile({ artifactsDir }: Pick<RunNotes, 'artifactsDir'>): string {
  return join(artifactsDir, 'promotion.txt')
}

/** What is left for people when the drill was the real thing. */
function promotion({ target, params }: StepContext, directory: string): string {
  return `The validated trees lie in ${directory}/state and ${directory}/workspace. The daemon that was validated wrote only to
views of them, so they are exactly what was unpacked. To promote them:

1. Stop the old daemon, if it still runs, and keep its state root untouched for the investigation.
2. Give both trees to the service user and group; key and token files stay 0600.
3. Start ${target.program} on them with the original routes file (${params['routes-file'] ?? 'routes file'}), the original master key and the
   original token files, bound to loopback or the private network.
4. Run ${target.program} doctor, doctor routes --check-auth and doctor routes --check-references against it.
5. Let traffic in only when they pass; then take a new backup at once.
`
}
