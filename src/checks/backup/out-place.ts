import { dirname, join } from 'node:path'
import { packing } from '../../drill/backup-params.ts'
import { deployment } from '../../drill/backup-subjects.ts'
import { FRESH_PLACE_BREAKS, type FreshPlace, judgeFreshPlace } from '../../drill/fresh-place.ts'
import { type CheckContext, changed, defineCheck } from '../../model/check.ts'

/** No tree of files that a daemon writes was seen to shrink more; less room than this can't do. */
const BEST_RATIO = 20

/** The set goes where nothing lies yet, outside of what is archived, with some room. Found before the source is stopped. */
export const outPlaceFits = defineCheck<FreshPlace>({
  id: 'out-place',
  title: 'The backup set goes into an empty place outside the source, with room for the archives',

  async probe({ params, values, tools }) {
    const { outDir, stateRoot, workspaceRoot } = values.get(deployment)
    const roots = [stateRoot, ...(workspaceRoot === undefined ? [] : [workspaceRoot])]
    const sizes = await Promise.all(roots.map(root => tools.files.sizeBytes(root)))
    const size = sizes.reduce((sum, one) => sum + one)
    const existing = await nearestExisting(tools, outDir)
    return {
      place: join(await tools.files.realPath(existing), outDir.slice(existing.length)),
      entries: (await tools.files.list(outDir)).length,
      apartFrom: await Promise.all(roots.map(root => tools.files.realPath(root))),
      freeBytes: await tools.files.freeBytes(existing),
      neededBytes: packing(params).compression === 'none' ? size : Math.ceil(size / BEST_RATIO),
    }
  },

  judge: judgeFreshPlace,

  counterproofs: [
    {
      id: 'inside-the-source',
      breaks: 'the place lies inside the state root',
      because: /lie in each other/,
      subject: async context => {
        const subject = context.values.get(deployment)
        const broken = { ...subject, outDir: join(subject.stateRoot, 'no-such-directory') }
        return changed(context, { values: context.values.with(deployment, broken) })
      },
    },
    ...FRESH_PLACE_BREAKS,
  ],
})

async function nearestExisting(tools: CheckContext['tools'], path: string): Promise<string> {
  return (await tools.files.facts(path)) === undefined && dirname(path) !== path
    ? nearestExisting(tools, dirname(path))
    : path
}
