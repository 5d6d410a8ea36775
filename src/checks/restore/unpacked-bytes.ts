import { incoming, older, type Part, restored } from '../../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'

interface Observed {
  readonly part: Part
  readonly received: string
  readonly unpacked: string | undefined
}

/** An archive is opened more than once: what was unpacked must be the bytes whose digest was taken, not what lies there since. */
export const unpackedBytes = defineCheck<readonly Observed[]>({
  id: 'unpacked-bytes',
  title: 'The bytes that were unpacked are the bytes whose digest was taken',
  untested: ({ values }) =>
    values.get(incoming).state.receivedSha256 === undefined
      ? 'a snapshot was restored, there is no archive'
      : undefined,

  async probe({ values }) {
    const { readSha256 } = values.get(restored)
    const parts = values.get(incoming)
    return (['state', 'workspace'] as const).flatMap(part => {
      const received = parts[part]?.receivedSha256
      return received === undefined ? [] : [{ part, received, unpacked: readSha256[part] }]
    })
  },

  judge(parts) {
    if (parts.length === 0) return failed('nothing was unpacked')
    const swapped = parts.filter(one => one.unpacked !== one.received).map(one => one.part)
    const facts = { expected: parts.map(one => one.received), actual: parts.map(one => one.unpacked ?? null) }
    return swapped.length === 0 ? passed(facts) : failed(`replaced while it was judged: ${swapped.join(', ')}`, facts)
  },

  counterproofs: [
    { id: 'nothing', breaks: 'nothing was unpacked', because: /nothing/, observation: () => [] },
    {
      id: 'not-read',
      breaks: 'one part was never read',
      because: /replaced/,
      observation: parts => parts.map(one => ({ ...one, unpacked: undefined })),
    },
    {
      id: 'swapped',
      breaks: 'another archive is unpacked than the one that was received',
      because: /replaced while it was judged: state/,
      unavailable: ({ values }) =>
        values.find(older) === undefined ? 'no older archive was given (older-state-archive=)' : undefined,
      subject: async context => {
        const { open, path, reading } = context.values.get(older)
        const read = await context.tools.archives.inspect({ open, name: path, signal: context.signal, ...reading })
        const trees = context.values.get(restored)
        const swapped = { ...trees, readSha256: { ...trees.readSha256, state: read.sha256 } }
        return changed(context, { values: context.values.with(restored, swapped) })
      },
    },
  ],
})
