import { closest } from '../../model/closest.ts'
import type { JsonDocument, Step, Stepped, View } from './json-document.ts'
import { sampleView } from './json-sample.ts'
import { schemaView } from './json-schema.ts'

export type LookedUp =
  | { readonly is: 'there' }
  /** No document says what is there. */
  | { readonly is: 'open' }
  /** Not even its first step is in any document, nor anything like it: it is of another one, or no path at all. */
  | { readonly is: 'foreign' }
  | {
      readonly is: 'wrong'
      /** Of the first step that is wrong. */
      readonly at: number
      readonly document: string
      /** Stands where a member is looked for; its items have it. */
      readonly list: boolean
      /** Of that step, when a member is like it. */
      readonly nearest: string | undefined
    }

type Missed = Exclude<Stepped, 'open' | { readonly to: View }>

const views = new WeakMap<JsonDocument, View>()

/**
 * A path held against all documents; it is there when it is in one of them.
 *
 * @param throughLists - whether a member of a list may mean that member of its items, as prose has it and jq does not
 */
export function lookUp(documents: readonly JsonDocument[], path: readonly Step[], throughLists: boolean): LookedUp {
  let open = false
  const wrong: { readonly at: number; readonly document: string; readonly missed: Missed }[] = []
  for (const document of documents) {
    const end = walk(viewOf(document), path, throughLists)
    if (end === 'there') return { is: 'there' }
    if (end === 'open') open = true
    else wrong.push({ ...end, document: document.name })
  }
  if (open) return { is: 'open' }
  const deepest = wrong.sort((a, b) => b.at - a.at)[0]
  if (deepest === undefined) return { is: 'open' }
  const { at, document, missed } = deepest
  const step = path[at]!
  if (at > 0) {
    const nearest = 'member' in step ? closest(step.member, missed.members) : undefined
    return { is: 'wrong', at, document, list: missed.list && 'member' in step, nearest }
  }
  // Of few letters anything is one edit away from something.
  if (!('member' in step) || step.member.length < 4) return { is: 'foreign' }
  const near = wrong.map(one => ({ document: one.document, nearest: closest(step.member, one.missed.members) }))
  const best = near.find(({ nearest }) => nearest !== undefined)
  return best === undefined ? { is: 'foreign' } : { is: 'wrong', at, list: false, ...best }
}

function walk(
  view: View,
  path: readonly Step[],
  throughLists: boolean,
): 'there' | 'open' | { at: number; missed: Missed } {
  let here = view
  for (const [at, step] of path.entries()) {
    let stepped = here.step(step)
    if (stepped !== 'open' && !('to' in stepped) && stepped.list && throughLists && 'member' in step) {
      const items = here.step({ items: true })
      stepped = items === 'open' || !('to' in items) ? 'open' : items.to.step(step)
    }
    if (stepped === 'open') return 'open'
    if (!('to' in stepped)) return { at, missed: stepped }
    here = stepped.to
  }
  return 'there'
}

function viewOf(document: JsonDocument): View {
  let view = views.get(document)
  if (view === undefined) {
    view = document.form === 'sample' ? sampleView([document.value]) : schemaView(document.value)
    views.set(document, view)
  }
  return view
}
