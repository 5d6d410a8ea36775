import { withProxy } from '../../daemon/break.ts'
import { attack } from '../../incident/sweep/attack.ts'
import { readBaseline } from '../../incident/sweep/baseline.ts'
import { readThings } from '../../incident/sweep/things.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { PersistenceKind } from '../../model/persistence-api.ts'

interface TookHold {
  readonly planted: readonly PersistenceKind[]
  /** Kinds of which something is other than it was. */
  readonly altered: readonly PersistenceKind[]
}

/** The intruder of the rehearsal got what it wanted: a sweep for what was never left behind would prove nothing. */
export const attackTookHold = defineCheck<TookHold>({
  id: 'attack-took-hold',
  title: 'With the admin token one of each kind was left behind, and the daemon has it',

  async probe(context) {
    const { planted, baselineDir } = context.values.get(attack)
    const before = new Set((await readBaseline(context, baselineDir)).things.map(thing => JSON.stringify(keyOf(thing))))
    const now = (await readThings(context)).things
    return {
      planted: planted.map(({ kind }) => kind),
      altered: [...new Set(now.filter(thing => !before.has(JSON.stringify(keyOf(thing)))).map(({ kind }) => kind))],
    }
  },

  judge({ planted, altered }) {
    const without = planted.filter(kind => !altered.includes(kind))
    if (planted.length === 0) return failed('nothing was left behind')
    return without.length === 0
      ? passed({ actual: [...altered] })
      : failed(`nothing of kind ${without.join(', ')} is other than before`, { actual: [...altered] })
  },

  counterproofs: [
    {
      id: 'nothing',
      breaks: 'nothing was left behind',
      because: /nothing was left behind/,
      observation: seen => ({ ...seen, planted: [] }),
    },
    {
      id: 'forgotten',
      breaks: 'the daemon lists no capture agent any more',
      because: /nothing of kind capture-agent/,
      subject: (context, scope) => {
        const path = context.target.persistence.paths['capture-agent']
        return withProxy(context, scope, { rewriteBody: (asked, text) => (asked === path ? '[]' : text) })
      },
    },
    {
      id: 'one-refused',
      breaks: 'the daemon took the schedule and forgot it',
      because: /nothing of kind schedule/,
      observation: seen => ({ ...seen, altered: seen.altered.filter(kind => kind !== 'schedule') }),
    },
  ],
})

const keyOf = ({ kind, id, sha256 }: { readonly kind: string; readonly id: string; readonly sha256: string }) => [
  kind,
  id,
  sha256,
]
