import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { CheckContext } from '../model/check.ts'
import type { Inside } from '../model/instance.ts'
import { Secret } from '../model/secret.ts'
import { programFiles } from './program-files.ts'
import { stopClean } from './stop-clean.ts'
import { type Isolated, restored, site } from './subjects.ts'

export interface IsolatedOptions {
  /** Where the instance's token files go, in a directory of their own. */
  readonly keysDir: string
  readonly scratchDir: string
  readonly readyTimeoutMs: number
  /** Told when the process runs and the wait for its readiness begins. */
  readonly onStarted?: () => void
  /** Another tree than the restored one, for a counterproof. Never written to. */
  readonly stateRoot?: string
  readonly masterKeyFile?: string
  readonly network?: 'isolated' | 'shared'
  readonly files?: 'isolated' | 'shared'
  /** Address to bind; loopback unless a counterproof says otherwise. */
  readonly host?: string
  /** Changes the daemon's own view before it starts, for instance with its offline commands. */
  readonly beforeStart?: (
    inside: Inside,
    view: { readonly stateRoot: string; readonly binary: string },
  ) => Promise<void>
}

/**
 * Starts a daemon on a copy-on-write view of the restored trees, behind the best barrier there is, and replaces its admin
 * token once it is ready. What happened to it is an observation: a daemon that ends or never answers is returned too.
 *
 * @throws RunproofError BARRIER_UNAVAILABLE, TOOL_MISSING, INSTANCE_FAILED
 */
export async function startIsolated(context: CheckContext, options: IsolatedOptions): Promise<Isolated> {
  const { tools, target, values, signal } = context
  const trees = values.get(restored)
  const { binary, routesFile, masterKeyFile } = values.get(site)
  const id = `i${randomBytes(4).toString('hex')}`
  const views = join(options.scratchDir, `${id}-views`)
  const keys = join(options.keysDir, id)
  // Until all is returned nobody else can stop the daemon or remove its tokens: neither a failure nor an interruption may
  // leave them.
  await using unclaimed = new AsyncDisposableStack()
  unclaimed.defer(() => tools.files.remove(keys))
  await tools.files.makeDirectory(keys)

  const replacedToken = token('replaced-admin-token')
  const adminToken = token('isolated-admin-token')
  const readonlyToken = token('isolated-readonly-token')
  for (const secret of [replacedToken, adminToken, readonlyToken]) context.protect(secret)
  const adminTokenFile = join(keys, 'admin-token')
  const readonlyTokenFile = join(keys, 'readonly-token')
  const wrongTokenFile = join(keys, 'wrong-token')
  await tools.files.write(adminTokenFile, replacedToken)
  await tools.files.write(readonlyTokenFile, readonlyToken)
  await tools.files.write(wrongTokenFile, token('wrong-token'))

  const lure = unclaimed.use((await tools.interposer.lure('socket'))!)
  const stateRoot = join(views, 'state')
  const workspaceRoot = join(views, 'workspace')
  const instance = await tools.instances.start({
    id,
    scratch: options.scratchDir,
    barrier: (await tools.instances.detectBarrier()).kind === 'none' ? 'none' : 'best',
    ...(options.network === undefined ? {} : { network: options.network }),
    ...(options.files === undefined ? {} : { files: options.files }),
    readable: [keys, routesFile, options.masterKeyFile ?? masterKeyFile, ...(await programFiles(context, binary))],
    views: [
      { lower: options.stateRoot ?? trees.stateRoot, at: stateRoot },
      { lower: trees.workspaceRoot, at: workspaceRoot },
    ],
    ...(options.beforeStart === undefined
      ? {}
      : { beforeStart: inside => options.beforeStart!(inside, { stateRoot, binary }) }),
    daemon: place =>
      target.serve({
        binary,
        bind: `${options.host ?? '127.0.0.1'}:${place.port}`,
        stateRoot,
        workspaceRoot,
        routesFile,
        masterKeyFile: options.masterKeyFile ?? masterKeyFile,
        adminTokenFile,
        readonlyTokenFile,
      }),
    signal,
  })

  unclaimed.use(instance)
  options.onStarted?.()
  const readiness = await instance.waitReady({ path: target.http.ready, timeoutMs: options.readyTimeoutMs, signal })
  await tools.files.write(adminTokenFile, adminToken)
  unclaimed.move()
  return {
    instance,
    readiness,
    lure,
    binary,
    stateRoot,
    adminToken,
    adminTokenFile,
    replacedToken,
    readonlyToken,
    readonlyTokenFile,
    wrongTokenFile,
  }
}

/** Released with the counterproof that asked for it. */
export async function startBroken(
  context: CheckContext,
  scope: AsyncDisposableStack,
  options: Omit<IsolatedOptions, 'scratchDir' | 'keysDir' | 'readyTimeoutMs'> & { readonly readyTimeoutMs?: number },
): Promise<Isolated> {
  const scratchDir = join(context.values.get(restored).stateRoot, '..', 'counterproofs')
  await context.tools.files.makeDirectory(scratchDir)
  const keys = join(scratchDir, `keys-${randomBytes(4).toString('hex')}`)
  await context.tools.files.makeDirectory(keys)
  scope.defer(() => context.tools.files.remove(keys))
  const made = await startIsolated(context, { readyTimeoutMs: 15_000, ...options, scratchDir, keysDir: keys })
  scope.use(made.lure)
  // Some breaks are about how a daemon ends, so only what it leaves counts.
  scope.defer(() => stopClean(made.instance, 'judged before'))
  return made
}

function token(name: string): Secret {
  return new Secret(name, randomBytes(32).toString('base64url'))
}
