import { join } from 'node:path'
import { withDamagedTree } from '../drill/break.ts'
import { client, type Ran, refused } from '../drill/client.ts'
import { restored } from '../drill/subjects.ts'
import { defineCheck, failed, type Json, passed } from '../model/check.ts'

interface Observed extends Ran<readonly string[]> {
  readonly revoked: readonly string[]
}

/**
 * No credential that a route uses is blocked by a revocation. The daemon's readiness does not look at this: a restored
 * root can be green everywhere while every provider call fails.
 */
export const slotsNotBlocked = defineCheck<Observed>({
  id: 'credentials-not-blocked',
  title: 'No credential that a route uses lies among the revoked ones',

  async probe(context) {
    const { tools, target, values } = context
    const path = join(values.get(restored).stateRoot, target.layout.brokerStateFile)
    const present = (await tools.files.facts(path)) !== undefined
    const ran = await client(
      context,
      ['doctor', 'routes', '--check-auth'],
      document => target.read.routes(document).authRefs,
    )
    return { ...ran, revoked: present ? target.read.revokedSlots(await tools.files.readJson(path)) : [] }
  },

  judge(observed) {
    if (observed.view === undefined) return refused('doctor routes --check-auth', observed)
    if (observed.view.length === 0) return failed('no route refers to a stored credential')
    const blocked = observed.view.filter(slot => observed.revoked.includes(slot))
    return blocked.length === 0
      ? passed({ actual: { routes: [...observed.view], revoked: [...observed.revoked] } })
      : failed(`blocked by a revocation: ${blocked.join(', ')}`, { expected: [], actual: blocked })
  },

  counterproofs: [
    {
      id: 'no-credential',
      breaks: 'no route refers to a credential',
      because: /no route/,
      observation: observed => ({ ...observed, view: [] }),
    },
    {
      id: 'slot-revoked',
      breaks: 'every credential of a route is revoked in a copy of the state',
      because: /blocked by a revocation/,
      subject: async (context, scope) => {
        const { tools, target } = context
        const { view } = await client(
          context,
          ['doctor', 'routes', '--check-auth'],
          document => target.read.routes(document).authRefs,
        )
        return withDamagedTree(context, scope, 'state', async root => {
          const name = target.layout.brokerStateFile
          const path = join(root, name)
          const present = (await tools.files.facts(path)) !== undefined
          const state = (present ? await tools.files.readJson(path) : {}) as { [name: string]: Json }
          const revoked = Object.fromEntries((view ?? []).map(slot => [slot, 1]))
          const bytes = Buffer.from(JSON.stringify({ ...state, revoked_slots: revoked }))
          await (present ? tools.archives.replaceFile(root, name, bytes) : tools.archives.addFile(root, name, bytes))
        })
      },
    },
  ],
})
