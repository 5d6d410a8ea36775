import { instances } from '../../adapters/isolation/instances.ts'
import { createNginxPort } from '../../adapters/nginx/port.ts'
import { withoutCredentials } from '../../findings/credentials.ts'
import type { NginxMessage, NginxPort } from '../../model/nginx.ts'
import type { Configuration } from '../../nginx/ast.ts'
import type { Finding } from '../../nginx/judge.ts'
import { relocate } from '../../nginx/relocate.ts'
import type { NginxSays } from '../../nginx/report/checked.ts'

/** Rules that speak of what nginx refuses, wherever nginx sees it. */
const ABOUT_REFUSALS = ['syntax', 'directive-unknown']

/** What the nginx of this machine says of a configuration, in a private copy, and whether that was found as well. */
export async function askNginx(
  configuration: Configuration,
  findings: readonly Finding[],
  port: Pick<NginxPort, 'test'> = createNginxPort({ instances }, { image: process.env['RUNPROOF_NGINX_IMAGE'] }),
): Promise<NginxSays> {
  const verdict = await port.test(relocate(configuration))
  if (verdict.outcome === 'missing') return { outcome: 'skipped', by: verdict.reason, messages: [], foreseen: true }
  const { program, outcome, messages } = verdict
  return {
    outcome,
    by: `nginx ${program.version}${program.from === 'container' ? ' in a container' : ''}`,
    messages: messages.map(one => ({ ...one, text: withoutCredentials(one.text) })),
    foreseen: outcome === 'accepted' || findings.some(one => explains(one, messages)),
  }
}

function explains({ rule, at }: Finding, messages: readonly NginxMessage[]): boolean {
  return (
    ABOUT_REFUSALS.includes(rule.id) ||
    messages.some(({ at: place }) => place?.file === at.file && place.line === at.line)
  )
}
