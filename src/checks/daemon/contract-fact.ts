import { mismatch, requiredMembers } from '../../contract/match.ts'
import { withProxy } from '../../daemon/break.ts'
import { isolated } from '../../daemon/subjects.ts'
import {
  type AnyCheck,
  type CheckContext,
  type Counterproof,
  defineCheck,
  failed,
  type Json,
  passed,
} from '../../model/check.ts'
import type { As, ClientAsk, Fact, HttpAsk } from '../../model/contract.ts'
import { RunproofError } from '../../model/error.ts'
import type { Secret } from '../../model/secret.ts'

interface Observed {
  /** Of an answer, or the exit code of a command. */
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Of the text, where it is JSON. */
  readonly json: Json | undefined
}

const PAGE = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>welcome</html>' }

/** One statement of the contract as a question. What breaks it is made from the statement itself. */
export function factCheck(fact: Fact): AnyCheck {
  const { expected } = fact
  const wanted = expected.status ?? expected.exit
  return defineCheck<Observed>({
    id: fact.id,
    title: `${fact.section}: ${fact.says}`,
    async probe(context) {
      for (const one of fact.before ?? []) await ask(context, one)
      return ask(context, fact.ask)
    },

    judge({ status, headers, text, json }) {
      if (status !== wanted) return failed(`it answers ${status}`, { expected: wanted ?? null, actual: status })
      for (const [name, pattern] of Object.entries(expected.headers ?? {}))
        if (!pattern.test(headers[name] ?? ''))
          return failed(`header ${name} is not like ${pattern}`, { actual: headers[name] ?? null })
      if (expected.text !== undefined && !expected.text.test(text))
        return failed(`the text is not like ${expected.text}`, { actual: text.slice(0, 200) })
      if (expected.json === undefined) return passed({ expected: wanted ?? null, actual: status })
      if (json === undefined) return failed('the answer is no JSON', { actual: text.slice(0, 80) })
      const why = mismatch(json, expected.json)
      return why === undefined ? passed({ expected: wanted ?? null, actual: status }) : failed(why)
    },

    counterproofs: [
      {
        id: 'other-status',
        breaks: 'it answers something else',
        because: /^it answers 599$/,
        observation: observed => ({ ...observed, status: 599 }),
      },
      ...withoutMember(fact),
      ...('path' in fact.ask ? [pageInstead] : []),
    ],
  })
}

/** Each member that must be there is tried: the judge has to miss the innermost ones, too. */
function withoutMember({ expected }: Fact): readonly Counterproof<Observed>[] {
  const innermost = expected.json === undefined ? undefined : requiredMembers(expected.json).at(-1)
  if (innermost === undefined) return []
  return [
    {
      id: 'member-missing',
      breaks: `${innermost.join('.')} has another name`,
      because: /it is missing/,
      observation: observed => ({ ...observed, json: without(observed.json!, innermost) }),
    },
  ]
}

const pageInstead: Counterproof<Observed> = {
  id: 'page-instead',
  breaks: 'a page with status 200 answers in its place',
  because: /it answers 200|is no JSON|is not like/,
  subject: (context, scope) => withProxy(context, scope, { answer: PAGE }),
}

function without(value: Json, [name, ...rest]: readonly string[]): Json {
  const { [name!]: member, ...others } = value as Record<string, Json>
  return rest.length === 0 ? others : { ...others, [name!]: without(member!, rest) }
}

function ask(context: CheckContext, what: HttpAsk | ClientAsk): Promise<Observed> {
  return 'path' in what ? askHttp(context, what) : askClient(context, what)
}

async function askHttp({ values, deadlineMs }: CheckContext, what: HttpAsk): Promise<Observed> {
  const daemon = values.get(isolated)
  const tokens: Readonly<Record<As, Secret | undefined>> = {
    admin: daemon.adminToken,
    readonly: daemon.readonlyToken,
    wrong: daemon.replacedToken,
    nobody: undefined,
  }
  const bearer = tokens[what.as ?? 'admin']
  const answer = await daemon.instance.request(what.path, {
    method: what.method ?? 'GET',
    headers: { ...(what.body === undefined ? {} : { 'content-type': 'application/json' }), ...what.headers },
    ...(what.body === undefined ? {} : { body: JSON.stringify(what.body) }),
    ...(bearer === undefined ? {} : { bearer }),
    timeoutMs: Math.min(deadlineMs, 10_000),
  })
  return { status: answer.status, headers: answer.headers, text: answer.text, json: parse(answer.text) }
}

async function askClient(context: CheckContext, what: ClientAsk): Promise<Observed> {
  const { instance, binary, adminTokenFile, readonlyTokenFile, wrongTokenFile } = context.values.get(isolated)
  const tokenFile = { admin: adminTokenFile, readonly: readonlyTokenFile, wrong: wrongTokenFile, nobody: undefined }[
    what.as ?? 'admin'
  ]
  if (tokenFile === undefined)
    throw new RunproofError('INTERNAL', `${what.words.join(' ')}: a command asks with a token`)
  const command = context.target.client({ binary, baseUrl: instance.place.baseUrl, tokenFile }, what.words)
  const result = await context.runIn(instance, what.stdin === undefined ? command : { ...command, stdin: what.stdin }, {
    timeoutMs: Math.min(context.deadlineMs, 20_000),
    signal: context.signal,
  })
  if (result.timedOut) throw new RunproofError('TIMEOUT', `${what.words.join(' ')} did not end in time`)
  const text = result.exitCode === 0 ? result.stdout : result.stderr
  return { status: result.exitCode, headers: {}, text, json: parse(result.stdout) }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
