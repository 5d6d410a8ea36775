import { instances } from '../adapters/isolation/instances.ts'
import { createNginxPort } from '../adapters/nginx/port.ts'
import type { Configuration } from '../nginx/ast.ts'
import { relocate } from '../nginx/relocate.ts'
import type { NginxSays } from '../nginx/report/checked.ts'

/** What the nginx of this machine says of a configuration, in a private copy. */
export async function askNginx(configuration: Configuration, wanted: boolean): Promise<NginxSays> {
  if (!wanted) return { outcome: 'skipped', by: '--no-nginx', messages: [] }
  const verdict = await createNginxPort({ instances }).test(relocate(configuration))
  if (verdict.outcome === 'missing') return { outcome: 'skipped', by: verdict.reason, messages: [] }
  const { program, outcome, messages } = verdict
  return { outcome, by: `nginx ${program.version}${program.from === 'container' ? ' in a container' : ''}`, messages }
}
