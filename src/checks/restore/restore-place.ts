import { join } from 'node:path'
import { FRESH_PLACE_BREAKS, type FreshPlace, judgeFreshPlace } from '../../drill/fresh-place.ts'
import { restorePlace } from '../../drill/subjects.ts'
import { changed, defineCheck } from '../../model/check.ts'

/** The place to restore into is a fresh, empty directory with room enough, and lies in no live one. */
export const restorePlaceFits = defineCheck<FreshPlace>({
  id: 'restore-place',
  title: 'The restore goes into an empty, generated place with room enough, outside every live directory',

  async probe({ values, tools }) {
    const { directory, neededBytes, live } = values.get(restorePlace)
    return {
      place: await tools.files.realPath(directory),
      entries: (await tools.files.list(directory)).length,
      freeBytes: await tools.files.freeBytes(directory),
      neededBytes,
      apartFrom: await Promise.all(live.map(path => tools.files.realPath(path))),
    }
  },

  judge: judgeFreshPlace,

  counterproofs: [
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
    ...FRESH_PLACE_BREAKS,
  ],
})
