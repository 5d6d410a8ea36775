import { dirname, join } from 'node:path'
import { packing } from '../drill/backup-params.ts'
import { deployment } from '../drill/backup-subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../model/check.ts'

interface Observed {
  readonly place: string
  readonly entries: number
  readonly roots: readonly string[]
  readonly freeBytes: number
  readonly neededBytes: number
}

/** No tree of files that a daemon writes was seen to shrink more; less room than this can't do. */
const BEST_RATIO = 20

/** The set goes where nothing lies yet, outside of what is archived, with some room. Found before the source is stopped. */
export const outPlaceFits = defineCheck<Observed>({
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
      roots: await Promise.all(roots.map(root => tools.files.realPath(root))),
      freeBytes: await tools.files.freeBytes(existing),
      neededBytes: packing(params).compression === 'none' ? size : Math.ceil(size / BEST_RATIO),
    }
  },

  judge({ place, entries, roots, freeBytes, neededBytes }) {
    const around = roots.find(root => place === root || place.startsWith(`${root}/`) || root.startsWith(`${place}/`))
    if (around !== undefined) return failed(`${place} and ${around}, which is archived, lie in each other`)
    if (entries > 0) return failed(`${place} is not empty: ${entries} entries`, { expected: 0, actual: entries })
    return freeBytes >= neededBytes
      ? passed({ expected: { neededBytes }, actual: { freeBytes } })
      : failed(`${place} has ${freeBytes} bytes free, at least ${neededBytes} are needed`, {
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
      breaks: 'the place lies inside the state root',
      because: /lie in each other/,
      subject: async context => {
        const subject = context.values.get(deployment)
        const broken = { ...subject, outDir: join(subject.stateRoot, 'no-such-directory') }
        return changed(context, { values: context.values.with(deployment, broken) })
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

async function nearestExisting(tools: CheckContext['tools'], path: string): Promise<string> {
  return (await tools.files.facts(path)) === undefined && dirname(path) !== path
    ? nearestExisting(tools, dirname(path))
    : path
}
