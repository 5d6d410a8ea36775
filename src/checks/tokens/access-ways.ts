import { withBrokenDaemon } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import type { Check, CheckContext, SubjectCounterproof } from '../../model/check.ts'
import { authorizationCleared, type ConfigBreak, originHidden, originKept, readableByAll } from '../../nginx/breaks.ts'
import { straight, throughEdge, withFreshEdge } from '../../suite/at-edge.ts'
import { edgeConfiguration, runnable } from '../../suite/edge-configuration.ts'
import { breaks } from '../edge/nginx-rules.ts'
import { accessMatrix, type MatrixObserved } from './access-matrix.ts'

/** The daemon itself, without its proxy. */
export const accessDirect: Check<MatrixObserved> = accessMatrix({
  way: 'direct',
  publicOrigin,
  reach: straight,
  fresh: (context, scope) => withBrokenDaemon(context, scope, {}),
})

/** @param own - whether the proxy is an nginx of the suite’s own */
export function accessThrough(own: boolean): Check<MatrixObserved> {
  return accessMatrix({
    way: 'edge',
    publicOrigin,
    reach: throughEdge,
    fresh: withFreshEdge,
    ...(own
      ? {
          needs: ['local-nginx'],
          more: [
            running('access-edge-origin-kept', originKept, /from the public origin answered 403/),
            running('access-edge-origin-hidden', originHidden, /from a foreign origin answered 401/),
            running('access-edge-cleared', authorizationCleared, /answered 401 missing_token, expected/),
            running('access-edge-any-origin', readableByAll, /may be read by pages of .*\*/),
          ],
        }
      : {}),
  })
}

/** Of pages that the proxy itself would serve. */
function publicOrigin({ values, params }: CheckContext): string {
  const running = values.get(daemon).reached === 'running'
  return running ? new URL(params['base-url']!).origin : values.get(edgeConfiguration).origin
}

/** Another daemon behind an nginx that runs another configuration. */
function running(id: string, how: ConfigBreak, because: RegExp): SubjectCounterproof {
  return {
    id,
    breaks: `in the configuration of the proxy ${how.breaks}`,
    because,
    cost: { instances: 1 },
    unavailable: context => (breaks(context, how) ? undefined : 'the configuration says nothing of the kind'),
    subject: (context, scope) =>
      withFreshEdge(context, scope, runnable(how.apply(context.values.get(edgeConfiguration).configuration))),
  }
}
