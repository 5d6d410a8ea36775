import { source } from '../../drill/subjects.ts'
import type { Capture } from '../../model/capture.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { Instance } from '../../model/instance.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import type { StatusView } from '../../model/target.ts'

/** The source serves, is healthy, and holds something that is worth backing up. */
export const sourceServes = (which: Capture<Instance>) =>
  defineCheck<Pick<StatusView, 'healthOk' | 'storageOk' | 'runsTotal' | 'sessionsTotal'>>({
    id: 'source-serves',
    covers: ['7.4/3', '7.4/4', '9.B/3'],
    title: 'The source serves, is healthy, and holds sessions and runs',
    probe: context => sourceStatus(context, which),

    judge({ healthOk, storageOk, runsTotal, sessionsTotal }) {
      const actual = { healthOk, storageOk, runsTotal, sessionsTotal }
      if (!healthOk || !storageOk) return failed('the source is not healthy', { actual })
      return runsTotal > 0 && sessionsTotal > 0 ? passed({ actual }) : failed('the source holds nothing', { actual })
    },

    counterproofs: [
      {
        id: 'unhealthy',
        breaks: 'health is not ok',
        because: /not healthy/,
        observation: observed => ({ ...observed, healthOk: false }),
      },
      {
        id: 'empty',
        breaks: 'there are no runs',
        because: /holds nothing/,
        observation: observed => ({ ...observed, runsTotal: 0 }),
      },
      {
        id: 'health-renamed',
        breaks: 'the status calls health.ok something else',
        expects: 'ANSWER_MALFORMED',
        subject: async (context, scope) => {
          const rewriteBody = (_: string, text: string) => text.replace('"health":{', '"helth":{')
          const instance = scope.use(
            await context.tools.interposer.interpose(context.values.get(which), { rewriteBody }),
          )
          return changed(context, { values: context.values.with(which, instance) })
        },
      },
    ],
  })

async function sourceStatus({ values, target, tools }: CheckContext, which: Capture<Instance>): Promise<StatusView> {
  const { adminTokenFile } = values.get(source)
  const token = await tools.files.readSecret(adminTokenFile, 'source-admin-token')
  const answer = await values.get(which).request(target.http.status, { bearer: token })
  return target.read.status(jsonAnswer(`${target.http.status} of the source`, answer))
}
