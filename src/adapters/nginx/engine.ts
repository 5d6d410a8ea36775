import type { ContainerRuntimeClient } from 'testcontainers'
import type { ProcessIdentity } from '../../model/instance.ts'
import type { RunResult } from '../../model/run-command.ts'
import { identify, mayLive } from '../process/identity.ts'

/** On every container of ours: who started it. */
const LABEL = 'runproof.nginx'
const STREAM_HEADER_BYTES = 8
const STDERR = 2

export type Container = Awaited<ReturnType<ContainerRuntimeClient['container']['create']>>

/** A container engine of this machine, and an image that is there already. */
export interface Engine {
  readonly client: ContainerRuntimeClient
  readonly image: string
}

/**
 * Loads the container library, which takes a while, and asks its engine. Nothing is ever pulled.
 *
 * @returns why there is none, as one sentence
 */
export async function findEngine(image: string): Promise<Engine | string> {
  // Its own sweeper is an image that would have to be pulled; ours goes by labels.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  // Inside a container it would look for a bridge; without a network no address of the engine's is needed.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1'
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers')
  let client: ContainerRuntimeClient
  try {
    client = await getContainerRuntimeClient()
  } catch {
    return 'no container engine answers'
  }
  const { socketPath } = client.container.dockerode.modem as { socketPath?: string }
  if (socketPath === undefined) return 'the container engine is not of this machine'
  if (!(await client.image.exists(ImageName.fromString(image))))
    return `the engine has no image ${image}, and none is pulled`
  const engine = { client, image }
  await sweep(engine)
  return engine
}

/** Removes containers whose starter has ended without removing them. */
async function sweep({ client: { container } }: Engine): Promise<void> {
  const ours = await container.dockerode.listContainers({ all: true, filters: { label: [LABEL] } })
  for (const { Id, Labels } of ours) {
    const [boot, pid, ticks, pidNamespace] = (Labels[LABEL] ?? '').split(':')
    const numbers = { pid: Number(pid), startTicks: Number(ticks) }
    const starter: ProcessIdentity = { bootId: boot ?? '', ...numbers, ...(pidNamespace ? { pidNamespace } : {}) }
    if (!mayLive(starter)) await removed(container.getById(Id))
  }
}

interface Running {
  readonly args: readonly string[]
  /** Private, the only place it can write to, at the same path as here. */
  readonly directory?: string
  readonly user: { readonly uid: number; readonly gid: number }
}

/** Makes a container for one nginx: no network, no capabilities, nothing to write to but its directory. */
export function createContainer({ client, image }: Engine, { args, directory, user }: Running): Promise<Container> {
  const own = identify(process.pid)!
  return client.container.create({
    Image: image,
    Entrypoint: ['nginx'],
    Cmd: [...args],
    User: `${user.uid}:${user.gid}`,
    Labels: { [LABEL]: [own.bootId, own.pid, own.startTicks, own.pidNamespace].join(':') },
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 64,
      ...(directory === undefined ? {} : { Binds: [`${directory}:${directory}`] }),
    },
  })
}

/** Runs a container to its end and removes it. */
export async function runToEnd(
  engine: Engine,
  running: Running,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<RunResult> {
  const began = performance.now()
  const container = await createContainer(engine, running)
  const timer = setTimeout(kill, timeoutMs)
  let timedOut = false
  const stop = () => void container.kill().catch(() => {})
  function kill() {
    timedOut = true
    stop()
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await container.start()
    if (signal?.aborted) stop()
    const { StatusCode } = (await container.wait()) as { StatusCode: number }
    const signalled = StatusCode > 128
    return {
      exitCode: signalled ? null : StatusCode,
      signal: signalled ? `signal ${StatusCode - 128}` : null,
      timedOut,
      ...(await outputOf(container)),
      stdoutCut: false,
      stderrCut: false,
      durationMs: performance.now() - began,
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    await removed(container)
  }
}

export async function outputOf(container: Container): Promise<{ stdout: string; stderr: string }> {
  const frames = (await container.logs({ stdout: true, stderr: true, follow: false })) as unknown as Buffer
  const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  for (let at = 0; at + STREAM_HEADER_BYTES <= frames.length; ) {
    const end = at + STREAM_HEADER_BYTES + frames.readUInt32BE(at + 4)
    parts[frames[at] === STDERR ? 'stderr' : 'stdout'].push(frames.subarray(at + STREAM_HEADER_BYTES, end))
    at = end
  }
  return { stdout: Buffer.concat(parts.stdout).toString(), stderr: Buffer.concat(parts.stderr).toString() }
}

/** Also where it is gone already. */
export async function removed(container: Container): Promise<void> {
  try {
    await container.remove({ force: true, v: true })
  } catch (error) {
    if (![404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error
  }
}
