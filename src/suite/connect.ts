import type { Daemon, Reached } from '../daemon/subjects.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'

const MOST_TOKEN_BYTES = 64 * 1024

/**
 * A running daemon, from what the operator gave. Nothing is asked yet.
 *
 * @throws RunproofError PARAM_INVALID for an empty token file, FILE_UNREADABLE
 */
export async function connectRunning(context: StepContext): Promise<Daemon> {
  const { params, target, tools, run } = context
  const caFile = params['ca-file']
  const http = await tools.http.connect({ baseUrl: params['base-url']!, ...(caFile === undefined ? {} : { caFile }) })
  run.defer('connections to the daemon', () => http.close())
  const instance: Reached = {
    place: http.place,
    request: (path, options) => http.request(path, options),
    openStream: (path, options) => http.openStream(path, options),
    run: (command, options) =>
      tools.commands.run(
        caFile === undefined ? command : { ...command, env: { SSL_CERT_FILE: caFile, ...command.env } },
        options,
      ),
  }
  const readonlyTokenFile = params['token-file']
  const adminTokenFile = params['admin-token-file']
  const binary = params.binary ?? target.bundledBinary
  const stateRoot = params['state-root']
  return {
    reached: 'running',
    instance,
    ...(binary === undefined ? {} : { binary }),
    ...(stateRoot === undefined ? {} : { stateRoot }),
    ...(readonlyTokenFile === undefined
      ? {}
      : { readonlyTokenFile, readonlyToken: await token(context, 'readonly-token', readonlyTokenFile) }),
    ...(adminTokenFile === undefined
      ? {}
      : { adminTokenFile, adminToken: await token(context, 'admin-token', adminTokenFile) }),
  }
}

async function token(context: StepContext, name: string, file: string): Promise<Secret> {
  const text = (await context.tools.files.readText(file, MOST_TOKEN_BYTES)).trim()
  if (text === '') throw new RunproofError('PARAM_INVALID', `${file} holds no token: it is empty`)
  const secret = new Secret(name, text)
  context.protect(secret)
  return secret
}
