import { join } from 'node:path'
import { restorePlace } from '../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../model/check.ts'

interface Observed {
  readonly place: string
  readonly entries: number
  readonly freeBytes: number
  readonly neededBytes: number
  readonly live: readonly string[]
}

/** The place to restore into is a fresh, empty directory with room enough, and lies in no live one. */
export const restorePlaceFits = defineCheck<Observed>({
  id: 'restore-place',
  title: 'The restore goes into an empty, generated place with room enough, outside every live directory',

  async probe({ values, tools }) {
    const { directory, neededBytes, live } = values.get(restorePlace)
    return {
      place: await tools.files.realPath(directory),
      entries: (await tools.files.list(directory)).length,
      freeBytes: await tools.files.freeBytes(directory),
      neededBytes,
      live: await Promise.all(live.map(path => tools.files.realPath(path))),
    }
  },

  judge({ place, entries, freeBytes, neededBytes, live }) {
    const around = live.find(path => place === path || place.startsWith(`${path}/`) || path.startsWith(`${place}/`))
    if (around !== undefined) return failed(`${place} and the live ${around} lie in each other`)
    if (entries > 0) return failed(`${place} is not empty`, { expected: 0, actual: entries })
    return freeBytes >= neededBytes
      ? passed({ expected: { neededBytes }, actual: { freeBytes } })
      : failed(`${place} has ${freeBytes} bytes free, ${neededBytes} are needed`, {
          expected: neededBytes,
          actual: freeBytes,
        })
  },

  counterproofs: [
    {
      id: 'no-room',
      breaks: 'one byte too few is free',
      because: /are needed/,
      observation: observed => ({ ...observed, freeBytes: observed.neededBytes - 1 }),
    },
    {
      id: 'inside-the-source',
      breaks: 'the place lies inside a live directory',
      because: /lie in each other/,
      subject: async context => {
        const place = context.values.get(restorePlace)
        const around = join(place.directory, '..')
        return changed(context, { values: context.values.with(restorePlace, { ...place, live: [around] }) })
      },
    },
    {
      id: 'not-empty',
      breaks: 'something lies there already',
      because: /not empty/,
      observation: observed => ({ ...observed, entries: 1 }),
    },
  ],
})
