import { withProxy } from '../daemon/break.ts'
import { type CheckContext, changed, type Json, type SubjectCounterproof } from '../model/check.ts'
import type { Params } from '../model/runbook.ts'

/** Members of a status document by their path, such as `runs.queued`; undefined leaves one out. */
export type Edits = Readonly<Record<string, Json | undefined>>

/** The daemon answers with another status than its own. */
export async function withEditedStatus(
  context: CheckContext,
  scope: AsyncDisposableStack,
  edits: Edits,
  params: Params = {},
): Promise<CheckContext> {
  const broken = await withProxy(context, scope, {
    rewriteBody: (path, text) => (path === context.target.http.status ? edited(text, edits) : text),
  })
  return changed(broken, { params: { ...broken.params, ...params } })
}

/** A status that lacks a member: a reader with defaults would stay green. */
export function withoutMember(path: string): SubjectCounterproof {
  return {
    id: 'left-out',
    breaks: `the status has no ${path}`,
    expects: 'ANSWER_MALFORMED',
    subject: (context, scope) => withEditedStatus(context, scope, { [path]: undefined }),
  }
}

function edited(text: string, edits: Edits): string {
  const document = JSON.parse(text) as Record<string, unknown>
  for (const [path, value] of Object.entries(edits)) {
    const names = path.split('.')
    const last = names.pop()!
    const holder = names.reduce((inner, name) => inner[name] as Record<string, unknown>, document)
    if (value === undefined) delete holder[last]
    else holder[last] = value
  }
  return JSON.stringify(document)
}
