import { withProxy } from '../../daemon/break.ts'
import { type CheckContext, changed, type Json, type SubjectCounterproof } from '../../model/check.ts'
import type { Params } from '../../model/runbook.ts'

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

/** A status that calls a member something else, likewise. */
export function withMemberRenamed(id: string, path: string, to: string): SubjectCounterproof {
  return {
    id,
    breaks: `the status calls ${path} something else`,
    expects: 'ANSWER_MALFORMED',
    subject: (context, scope) =>
      withProxy(context, scope, {
        rewriteBody: (asked, text) => (asked === context.target.http.status ? renamed(text, path, to) : text),
      }),
  }
}

function edited(text: string, edits: Edits): string {
  const document = JSON.parse(text) as Record<string, unknown>
  for (const [path, value] of Object.entries(edits)) {
    const { holder, name } = memberAt(document, path)
    if (value === undefined) delete holder[name]
    else holder[name] = value
  }
  return JSON.stringify(document)
}

function renamed(text: string, path: string, to: string): string {
  const document = JSON.parse(text) as Record<string, unknown>
  const { holder, name } = memberAt(document, path)
  holder[to] = holder[name]
  delete holder[name]
  return JSON.stringify(document)
}

function memberAt(document: Record<string, unknown>, path: string) {
  const names = path.split('.')
  const name = names.pop()!
  return { holder: names.reduce((inner, one) => inner[one] as Record<string, unknown>, document), name }
}
