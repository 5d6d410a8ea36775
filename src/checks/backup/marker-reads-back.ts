import { MARKER_SLOT } from '../../drill/facts.ts'
import { baseline, markerSetAt } from '../../drill/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'

interface Marker {
  readonly setAtMs: number
  readonly readBackMs: number | null
}

/** The marker that was just written reads back with a new time: what the recovery point is measured from. */
export const markerReadsBack = defineCheck<Marker>({
  id: 'marker',
  title: 'The state marker was written now and reads back so',

  async probe({ values }) {
    return {
      setAtMs: values.get(markerSetAt),
      readBackMs: values.get(baseline).slots.find(slot => slot.id === MARKER_SLOT)?.updatedAtMs ?? null,
    }
  },

  judge({ setAtMs, readBackMs }) {
    if (readBackMs === null) return failed('the marker is not stored')
    return readBackMs >= setAtMs
      ? passed({ expected: setAtMs, actual: readBackMs })
      : failed('the marker is older than its writing', { expected: setAtMs, actual: readBackMs })
  },

  counterproofs: [
    {
      id: 'stale-marker',
      breaks: 'the marker is a second older',
      because: /older/,
      observation: observed => ({ ...observed, readBackMs: observed.setAtMs - 1_000 }),
    },
    {
      id: 'no-marker',
      breaks: 'the marker is not stored',
      because: /not stored/,
      observation: observed => ({ ...observed, readBackMs: null }),
    },
  ],
})
