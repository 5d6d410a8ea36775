import type { Plan } from '../../engine/plan.ts'
import type { AnyCheck, Need } from '../../model/check.ts'
import type { NginxMissing, NginxProgram } from '../../model/nginx.ts'
import type { Tools } from '../../model/ports.ts'

/** What this machine has of what checks may need. */
export interface Offered {
  readonly barrier: string
  /** Undefined where nothing asks for it. */
  readonly nginx: NginxProgram | NginxMissing | undefined
}

/** What a check needs and this machine does not have, or undefined. */
export function lacking({ needs = [] }: AnyCheck, { barrier, nginx }: Offered): string | undefined {
  if (needs.includes('barrier') && barrier === 'none')
    return 'this machine offers no isolation (runproof doctor says why)'
  if (nginx === undefined || !needs.some(isNginx)) return undefined
  if ('missing' in nginx) return nginx.missing
  return needs.includes('local-nginx') && nginx.from === 'container'
    ? 'this machine has no nginx of its own, and one in a container cannot run beside a daemon'
    : undefined
}

function isNginx(need: Need): boolean {
  return need === 'nginx' || need === 'local-nginx'
}

/** Looked for only where a check needs it. */
export async function nginxFor({ steps }: Plan, { nginx }: Tools): Promise<Offered['nginx']> {
  const asked = steps.some(({ verify }) => verify.some(({ needs }) => needs?.some(isNginx) === true))
  return asked ? nginx.find() : undefined
}
