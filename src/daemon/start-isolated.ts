import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { CheckContext } from '../model/check.ts'
import type { ServeExtras } from '../model/target.ts'
import { programFiles } from './program-files.ts'
import { randomSecret } from './random-secret.ts'
import { stopClean } from './stop-clean.ts'
import { type Isolated, isolated, type Recipe } from './subjects.ts'

export interface IsolatedOptions {
  /** Where the instance's token files go, in a directory of their own. */
  readonly keysDir: string
  readonly readyTimeoutMs: number
  /** Told when the process runs and the wait for its readiness begins. */
  readonly onStarted?: () => void
  readonly network?: 'isolated' | 'shared'
  readonly files?: 'isolated' | 'shared'
  /** Address to bind; loopback unless a counterproof says otherwise. */
  readonly host?: string
}

/**
 * Starts a daemon on a copy-on-write view of its trees, behind the best barrier there is, and replaces its admin
 * token once it is ready. What happened to it is an observation: a daemon that ends or never answers is returned too.
 *
 * @throws RunproofError BARRIER_UNAVAILABLE, TOOL_MISSING, INSTANCE_FAILED
 */
export async function startIsolated(
  context: CheckContext,
  recipe: Recipe,
  options: IsolatedOptions,
): Promise<Isolated> {
  const { tools, target, signal } = context
  const { binary, routesFile, masterKeyFile } = recipe
  const network = options.network ?? recipe.network
  const id = `i${randomBytes(4).toString('hex')}`
  const views = join(recipe.scratchDir, `${id}-views`)
  const keys = join(options.keysDir, id)
  // Until all is returned nobody else can stop the daemon or remove its tokens: neither a failure nor an interruption may
  // leave them.
  await using unclaimed = new AsyncDisposableStack()
  unclaimed.defer(() => tools.files.remove(keys))
  await tools.files.makeDirectory(keys)

  const replacedToken = randomSecret('replaced-admin-token')
  const adminToken = randomSecret('isolated-admin-token')
  const readonlyToken = randomSecret('isolated-readonly-token')
  for (const secret of [replacedToken, adminToken, readonlyToken]) context.protect(secret)
  const adminTokenFile = join(keys, 'admin-token')
  const readonlyTokenFile = join(keys, 'readonly-token')
  const wrongTokenFile = join(keys, 'wrong-token')
  await tools.files.write(adminTokenFile, replacedToken)
  await tools.files.write(readonlyTokenFile, readonlyToken)
  await tools.files.write(wrongTokenFile, randomSecret('wrong-token'))

  const lure = unclaimed.use((await tools.interposer.lure('socket'))!)
  const stateRoot = join(views, 'state')
  const workspaceRoot = join(views, 'workspace')
  const instance = await tools.instances.start({
    id,
    scratch: recipe.scratchDir,
    barrier: (await tools.instances.detectBarrier()).kind === 'none' ? 'none' : 'best',
    ...(network === undefined ? {} : { network }),
    ...(options.files === undefined ? {} : { files: options.files }),
    ...(recipe.tunnels === undefined ? {} : { tunnels: recipe.tunnels }),
    ...(recipe.names === undefined ? {} : { names: recipe.names }),
    readable: [keys, routesFile, masterKeyFile, ...(recipe.readable ?? []), ...(await programFiles(context, binary))],
    views: [
      { lower: recipe.stateRoot, at: stateRoot },
      { lower: recipe.workspaceRoot, at: workspaceRoot },
    ],
    ...(recipe.beforeStart === undefined
      ? {}
      : { beforeStart: inside => recipe.beforeStart!(inside, { stateRoot, binary }) }),
    daemon: place =>
      target.serve({
        binary,
        bind: `${options.host ?? '127.0.0.1'}:${place.port}`,
        stateRoot,
        workspaceRoot,
        routesFile,
        masterKeyFile,
        adminTokenFile,
        readonlyTokenFile,
        ...recipe.extras?.(place),
      }),
    signal,
  })

  unclaimed.use(instance)
  options.onStarted?.()
  const readiness = await instance.waitReady({ path: target.http.ready, timeoutMs: options.readyTimeoutMs, signal })
  await tools.files.write(adminTokenFile, adminToken)
  unclaimed.move()
  return {
    reached: 'isolated',
    recipe,
    instance,
    readiness,
    lure,
    binary,
    stateRoot,
    workspaceRoot,
    adminToken,
    adminTokenFile,
    replacedToken,
    readonlyToken,
    readonlyTokenFile,
    wrongTokenFile,
  }
}

/** How a daemon differs from the one that is asked. */
export type Broken = Partial<Omit<IsolatedOptions, 'keysDir'>> &
  Partial<Pick<Recipe, 'stateRoot' | 'masterKeyFile' | 'beforeStart'>> & { readonly extras?: ServeExtras }

/** Another daemon like the isolated one, broken in a way. Released with the counterproof that asked for it. */
export async function startBroken(
  context: CheckContext,
  scope: AsyncDisposableStack,
  { stateRoot, masterKeyFile, beforeStart, extras, ...options }: Broken,
): Promise<Isolated> {
  const { recipe } = context.values.get(isolated)
  const scratchDir = join(recipe.scratchDir, 'counterproofs')
  await context.tools.files.makeDirectory(scratchDir)
  const keysDir = join(scratchDir, `keys-${randomBytes(4).toString('hex')}`)
  await context.tools.files.makeDirectory(keysDir)
  scope.defer(() => context.tools.files.remove(keysDir))
  const like: Recipe = {
    ...recipe,
    scratchDir,
    ...(stateRoot === undefined ? {} : { stateRoot }),
    ...(masterKeyFile === undefined ? {} : { masterKeyFile }),
    ...(beforeStart === undefined ? {} : { beforeStart }),
    extras: place => ({ ...recipe.extras?.(place), ...extras }),
  }
  const made = await startIsolated(context, like, { readyTimeoutMs: 15_000, ...options, keysDir })
  scope.use(made.lure)
  // Some breaks are about how a daemon ends, so only what it leaves counts.
  scope.defer(() => stopClean(made.instance, 'judged before'))
  return made
}
