import { join } from 'node:path'
import { client, type Ran, refused } from '../../daemon/client.ts'
import { withDamagedTree } from '../../drill/break.ts'
import { restored } from '../../drill/subjects.ts'
import {
  type CheckContext,
  defineCheck,
  failed,
  type Json,
  passed,
  type SubjectCounterproof,
} from '../../model/check.ts'

interface Observed extends Ran<readonly string[]> {
  /** Null where the file that would say so is missing: then nothing says that nothing is revoked. */
  readonly revoked: readonly string[] | null
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
    const revoked = present ? target.read.revokedSlots(await tools.files.readJson(path)) : null
    return { ...(await authRefs(context)), revoked }
  },

  judge(observed) {
    if (observed.view === undefined) return refused('doctor routes --check-auth', observed)
    if (observed.view.length === 0) return failed('no route refers to a stored credential')
    const { revoked, view } = observed
    if (revoked === null) return failed('the file that lists revocations is missing')
    const blocked = view.filter(slot => revoked.includes(slot))
    return blocked.length === 0
      ? passed({ actual: { routes: [...view], revoked: [...revoked] } })
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
      id: 'no-list',
      breaks: 'the list of revocations is missing',
      because: /is missing/,
      observation: observed => ({ ...observed, revoked: null }),
    },
    {
      id: 'slot-revoked',
      breaks: 'every credential of a route is revoked in a copy of the state',
      because: /blocked by a revocation/,
      subject: revokedIn('revoked_slots'),
    },
    {
      id: 'list-renamed',
      breaks: 'the revocations stand under another name in a copy of the state',
      expects: 'ANSWER_MALFORMED',
      subject: revokedIn('revokedSlots'),
    },
  ],
})

function authRefs(context: CheckContext): Promise<Ran<readonly string[]>> {
  const read = (document: Json) => context.target.read.routes(document).authRefs
  return client(context, ['doctor', 'routes', '--check-auth'], read)
}

/** A copy of the state in which every credential of a route is listed as revoked, under the given member. */
function revokedIn(member: string): SubjectCounterproof['subject'] {
  return async (context, scope) => {
    const { tools, target } = context
    const { view = [] } = await authRefs(context)
    return withDamagedTree(context, scope, 'state', async root => {
      const name = target.layout.brokerStateFile
      const present = (await tools.files.facts(join(root, name))) !== undefined
      const state = (present ? await tools.files.readJson(join(root, name)) : {}) as { [name: string]: Json }
      const bytes = Buffer.from(JSON.stringify({ ...state, [member]: Object.fromEntries(view.map(slot => [slot, 1])) }))
      await (present ? tools.archives.replaceFile(root, name, bytes) : tools.archives.addFile(root, name, bytes))
    })
  }
}
