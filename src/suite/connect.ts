import type { Daemon, Reached } from '../daemon/subjects.ts'
import { bearerToken } from '../model/bearer-token.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { type Shown, sparing } from './sparing.ts'

const MOST_TOKEN_BYTES = 64 * 1024
const KNOCK_MS = 5_000

/**
 * A running daemon, from what the operator gave, asked once with each token: what nobody answers or lets in is not asked twenty
 * times more.
 *
 * @param knocks - false where a check asks first, since its answer says more
 * @throws RunproofError PARAM_INVALID, SECRET_TOO_SHORT, FILE_UNREADABLE for a token file; ANSWER_MALFORMED where the daemon refuses
 *   a token; TARGET_UNREACHABLE, TLS_FAILED, TIMEOUT
 */
export async function connectRunning(context: StepContext, knocks: boolean): Promise<Daemon> {
  const { params, target, tools, run } = context
  const caFile = params['ca-file']
  const http = await tools.http.connect({ baseUrl: params['base-url']!, ...(caFile === undefined ? {} : { caFile }) })
  run.defer('connections to the daemon', () => http.close())
  const readonly = await tokenOf(context, 'readonly-token', params['readonly-token-file'] ?? params['token-file'])
  const admin = await tokenOf(context, 'admin-token', params['admin-token-file'])
  const shown = [readonly, admin].filter(one => one !== undefined)
  const reached: Reached = {
    place: http.place,
    request: (path, options) => http.request(path, options),
    openStream: (path, options) => http.openStream(path, options),
    peer: options => http.peer(options),
    run: (command, options) =>
      tools.commands.run(
        caFile === undefined ? command : { ...command, env: { SSL_CERT_FILE: caFile, ...command.env } },
        options,
      ),
  }
  const instance = sparing(reached, shown, what =>
    run.assume(`a request of this run was refused, and stands in the daemon’s audit log: ${what}`),
  )
  const equal = readonly !== undefined && readonly.token.reveal() === admin?.token.reveal()
  for (const one of knocks ? shown : [])
    await knock(context, instance, one, one === admin ? target.http.secrets : target.http.status, equal)
  const binary = params.binary ?? target.bundledBinary
  const stateRoot = params['state-root']
  return {
    reached: 'running',
    instance,
    ...(binary === undefined ? {} : { binary }),
    ...(stateRoot === undefined ? {} : { stateRoot }),
    ...(readonly === undefined ? {} : { readonlyTokenFile: readonly.file, readonlyToken: readonly.token }),
    ...(admin === undefined ? {} : { adminTokenFile: admin.file, adminToken: admin.token }),
  }
}

async function tokenOf(context: StepContext, name: string, file: string | undefined): Promise<Shown | undefined> {
  if (file === undefined) return undefined
  const token = bearerToken(name, file, await context.tools.files.readText(file, MOST_TOKEN_BYTES))
  context.protect(token)
  return { token, file }
}

/** Whether a token opens what it is meant for. What else the daemon answers is for checks to judge. */
async function knock(
  { signal }: StepContext,
  instance: Reached,
  { token, file }: Shown,
  path: string,
  equal: boolean,
): Promise<void> {
  const { status } = await instance.request(path, { bearer: token, timeoutMs: KNOCK_MS, signal })
  const refused = REFUSED[status]
  if (refused === undefined) return
  throw new RunproofError('ANSWER_MALFORMED', `${path} answered ${status}: ${refused(file)}`, {
    hint: equal
      ? 'both roles have the same token here, and equal ones are refused for both: put another one into one of the files'
      : 'is it the token that the daemon has now, and of the right kind?',
  })
}

const REFUSED: Readonly<Record<number, (file: string) => string>> = {
  401: file => `the daemon refuses the token in ${file}`,
  403: file => `the token in ${file} may not read that`,
  429: file => `the limiter spoke, and nothing is known of the token in ${file}`,
}
