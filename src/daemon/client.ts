import {
  type CheckContext,
  changed,
  failed,
  type Json,
  type Judgement,
  type SubjectCounterproof,
} from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { parseJson } from '../model/json-answer.ts'
import type { Secret } from '../model/secret.ts'
import { daemon, isolated } from './subjects.ts'

/** What one client command of the daemon did. */
export interface Ran<View> {
  readonly exitCode: number | null
  readonly stderr: string
  readonly view: View | undefined
}

/**
 * Runs one of the daemon's own client commands, where the daemon is, and reads what it printed, whatever it says.
 *
 * @throws RunproofError TARGET_UNREACHABLE, TIMEOUT, ANSWER_MALFORMED
 */
export async function client<View>(
  context: CheckContext,
  words: readonly string[],
  read: (document: Json) => View,
  { limitMs = 20_000, stdin }: { readonly limitMs?: number; readonly stdin?: Secret } = {},
): Promise<Ran<View>> {
  const { instance, binary, adminTokenFile, readonlyTokenFile } = context.values.get(daemon)
  const tokenFile = adminTokenFile ?? readonlyTokenFile
  if (binary === undefined || tokenFile === undefined)
    throw new RunproofError('INTERNAL', `${words.join(' ')} needs a binary and a token, and its check does not say so`)
  const bare = context.target.client({ binary, baseUrl: instance.place.baseUrl, tokenFile }, words)
  const command = stdin === undefined ? bare : { ...bare, stdin }
  const result = await context.runIn(instance, command, {
    timeoutMs: Math.min(context.deadlineMs, limitMs),
    signal: context.signal,
  })
  if (result.timedOut) throw new RunproofError('TIMEOUT', `${words.join(' ')} did not end in time`)
  if (result.exitCode === context.target.unreachableExit)
    throw new RunproofError(
      'TARGET_UNREACHABLE',
      `${words.join(' ')} could not reach the daemon: exit ${result.exitCode}`,
    )
  return {
    exitCode: result.exitCode,
    stderr: result.stderr.slice(0, 300),
    view: result.stdout === '' ? undefined : read(parseJson(result.stdout, `${words.join(' ')} printed`)),
  }
}

/** The command is run with a token the daemon does not know: a check that never looked at the daemon would not mind. */
export function refusedToken(id: string): SubjectCounterproof {
  return {
    id,
    breaks: 'the command is run with a token that the daemon does not know',
    because: /exit 4/,
    subject: async context => {
      const subject = context.values.get(isolated)
      return changed(context, {
        values: context.values.with(isolated, { ...subject, adminTokenFile: subject.wrongTokenFile }),
      })
    },
  }
}

export function refused(what: string, ran: Ran<unknown>): Judgement {
  return failed(`${what}: exit ${ran.exitCode}`, { actual: ran.stderr })
}
