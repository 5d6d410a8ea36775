import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { withDaemon } from '../../daemon/break.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { isolated } from '../../daemon/subjects.ts'
import { offLimits } from '../../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { Destination, Instance, InstanceProcess, Listener, OpenFile, ProbeResult } from '../../model/instance.ts'

interface Attempt {
  readonly to: string
  readonly inside: ProbeResult['outcome']
  /** Null where there is nobody outside who could be reached. */
  readonly outside: ProbeResult['outcome'] | null
}

interface Egress {
  readonly attempts: readonly Attempt[]
  readonly interfaces: readonly string[]
  readonly ownNetwork: boolean
}

/** Kept for documentation, so nobody has it: a network that leads anywhere would try. @see RFC 5737 */
const NOWHERE = { host: '192.0.2.1', port: 9 }

/**
 * From inside the barrier nothing outside can be reached: not over loopback, not at the address of this machine, not through
 * a socket in the file system, whether it was made before the daemon started or after. The same probes from outside show
 * that there was something to reach.
 */
export const egressRefused = defineCheck<Egress>({
  id: 'egress-refused',
  title: 'The isolated daemon can reach nothing outside its barrier',
  needs: ['barrier'],

  async probe({ values, tools }) {
    const { instance, lure } = values.get(isolated)
    const { interposer, instances } = tools
    await using scope = new AsyncDisposableStack()
    const beacon = scope.use(await interposer.beacon())
    const ipv6 = scope.use(await interposer.lure('ipv6'))
    const network = scope.use(await interposer.lure('network'))
    const later = scope.use(await interposer.lure('socket'))
    const tried = async (to: string, at: Destination): Promise<Attempt> => ({
      to,
      outside: (await instances.probeFromOutside(at)).outcome,
      inside: (await instance.egressProbe(at)).outcome,
    })
    const attempts = await Promise.all([
      tried('127.0.0.1', { host: beacon.host, port: beacon.port }),
      ...(ipv6 === undefined ? [] : [tried('::1', ipv6.at)]),
      network === undefined ? nowhere(instance) : tried('the address of this machine', network.at),
      tried('a socket made before its start', lure.at),
      ...(later === undefined ? [] : [tried('a socket made after its start', later.at)]),
    ])
    const { interfaces, ownNamespaces } = await instance.facts()
    return { attempts, interfaces, ownNetwork: ownNamespaces.net }
  },

  judge({ attempts, interfaces, ownNetwork }) {
    const dead = attempts.find(one => one.outside !== null && one.outside !== 'connected')
    if (attempts.length === 0 || dead !== undefined)
      return failed(
        `the listener at ${dead?.to ?? 'no place'} could not be reached from outside either, so the probe proves nothing`,
        { actual: dead?.outside ?? null },
      )
    const open = attempts.find(one => one.inside === 'connected')
    if (open !== undefined)
      return failed(`a connection out of the barrier succeeded: ${open.to}`, { actual: open.inside })
    const answered = attempts.find(one => one.outside === null && one.inside !== 'unreachable')
    if (answered !== undefined)
      return failed(`there is a way towards ${answered.to}`, { expected: 'unreachable', actual: answered.inside })
    if (!ownNetwork) return failed('its network is the one of this machine')
    return interfaces.length === 1 && interfaces[0] === 'lo'
      ? passed({ actual: Object.fromEntries(attempts.map(one => [one.to, one.inside])) })
      : failed('it has another network interface than loopback', { expected: ['lo'], actual: interfaces })
  },

  counterproofs: [
    {
      id: 'dead-listener',
      breaks: 'nothing listens outside',
      because: /proves nothing/,
      observation: observed => ({
        ...observed,
        attempts: observed.attempts.map(one => ({ ...one, outside: 'refused' as const })),
      }),
    },
    {
      id: 'second-interface',
      breaks: 'there is a second network interface inside',
      because: /another network interface/,
      observation: observed => ({ ...observed, interfaces: ['lo', 'eth0'] }),
    },
    {
      id: 'no-network-of-its-own',
      breaks: 'its network namespace is the one of this machine',
      because: /its network/,
      observation: observed => ({ ...observed, ownNetwork: false }),
    },
    {
      id: 'a-way-out',
      breaks: 'packets to an address that nobody has are sent instead of refused',
      because: /there is a way/,
      observation: observed => ({
        ...observed,
        attempts: [...observed.attempts, { to: NOWHERE.host, outside: null, inside: 'no-answer' }],
      }),
    },
    {
      id: 'egress-open',
      breaks: 'a daemon shares the network of this machine',
      because: /succeeded: 127/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, { network: 'shared' })
        return withDaemon(context, broken)
      },
    },
    {
      id: 'sockets-open',
      breaks: 'a daemon sees the sockets in the file system of this machine',
      because: /succeeded: a socket/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, { files: 'shared' })
        return withDaemon(context, broken)
      },
    },
  ],
})

async function nowhere(instance: Instance): Promise<Attempt> {
  return { to: NOWHERE.host, outside: null, inside: (await instance.egressProbe(NOWHERE)).outcome }
}

interface Writes {
  /** Whether its own place took a write, so that a refusal elsewhere means something. */
  readonly ownPlace: boolean
  /** What was written from inside and found outside. */
  readonly reached: readonly string[]
  /** Mount points of file systems of this machine, not its own, that are not read-only inside. */
  readonly open: readonly string[]
}

/** What the daemon writes ends up in its own directory and its views, or nowhere: the disk of this machine is read-only to it. */
export const writesKeptInside = defineCheck<Writes>({
  id: 'writes-inside',
  title: 'The isolated daemon can write nothing outside its own place',
  needs: ['barrier'],

  async probe({ values, tools, signal }) {
    const { instance, adminTokenFile } = values.get(isolated)
    const found = async (directory: string) => {
      const path = join(directory, `written-${randomBytes(4).toString('hex')}`)
      await instance.run({ argv: ['sh', '-c', ': > "$1"', 'sh', path] }, { timeoutMs: 10_000, signal })
      const there = (await tools.files.facts(path)) !== undefined
      if (there) await tools.files.remove(path)
      return there
    }
    const reached: string[] = []
    for (const directory of [dirname(adminTokenFile), dirname(instance.place.dir)])
      if (await found(directory)) reached.push(directory)
    const { writesThrough } = await instance.facts()
    const isOwn = (at: string) => instance.writable.some(place => at === place || at.startsWith(`${place}/`))
    return { ownPlace: await found(instance.place.tmp), reached, open: writesThrough.filter(at => !isOwn(at)) }
  },

  judge({ ownPlace, reached, open }) {
    if (!ownPlace) return failed('not even its own place could be written to, so the probe proves nothing')
    if (reached.length > 0) return failed(`what was written inside lay outside, in ${reached.join(', ')}`)
    return open.length === 0
      ? passed({ actual: 'refused' })
      : failed(`a file system of this machine could be written to below ${open.join(', ')}`)
  },

  counterproofs: [
    {
      id: 'mute',
      breaks: 'its own place takes no write either',
      because: /proves nothing/,
      observation: observed => ({ ...observed, ownPlace: false }),
    },
    {
      id: 'mount-open',
      breaks: 'a mount of this machine is not read-only inside',
      because: /could be written to below/,
      observation: observed => ({ ...observed, open: ['/srv'] }),
    },
    {
      id: 'files-open',
      breaks: 'a daemon sees the file system of this machine as it is',
      because: /lay outside/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, { files: 'shared' })
        return withDaemon(context, broken)
      },
    },
  ],
})

/** Everything that listens does so on loopback only, and something does listen. */
export const listenersLoopback = defineCheck<readonly Listener[]>({
  id: 'listeners-loopback',
  title: 'The isolated daemon listens on loopback only',
  needs: ['barrier'],
  probe: async ({ values }) => (await values.get(isolated).instance.facts()).listeners,

  judge(listeners) {
    if (listeners.length === 0) return failed('nothing listens at all')
    const open = listeners
      .filter(listener => !listener.loopback)
      .map(listener => `${listener.protocol} ${listener.address}:${listener.port}`)
    return open.length === 0 ? passed({ actual: listeners.length }) : failed(`listens on ${open.join(', ')}`)
  },

  counterproofs: [
    { id: 'silent', breaks: 'nothing listens', because: /nothing listens/, observation: () => [] },
    {
      id: 'every-address',
      breaks: 'a daemon is bound to every address',
      because: /listens on/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, { host: '0.0.0.0' })
        return withDaemon(context, broken)
      },
    },
  ],
})

interface Privacy {
  readonly daemon: readonly Pick<InstanceProcess, 'home' | 'capEff' | 'noNewPrivileges'>[]
  readonly openFiles: readonly OpenFile[]
  readonly offLimits: readonly string[]
  readonly home: string
}

/** The daemon has its own home, no privileges, and no file open where the live one keeps its data. */
export const daemonPrivate = defineCheck<Privacy>({
  id: 'private',
  title: 'The isolated daemon has its own home, no privileges, and nothing of the source open',
  needs: ['barrier'],

  async probe({ values }) {
    const { instance } = values.get(isolated)
    const { processes, openFiles } = await instance.facts()
    return {
      daemon: processes
        .filter(process => process.role === 'daemon')
        .map(({ home, capEff, noNewPrivileges }) => ({ home, capEff, noNewPrivileges })),
      openFiles,
      offLimits: values.get(offLimits),
      home: instance.place.home,
    }
  },

  judge({ daemon, openFiles, offLimits: places, home }) {
    if (daemon.length === 0) return failed('there is no daemon to look at')
    if (openFiles.length === 0) return failed('not one open file was seen, so none could be refused')
    if (daemon.some(process => process.home !== home))
      return failed('its HOME is not its own', { expected: home, actual: daemon.map(process => process.home) })
    if (daemon.some(process => !/^0+$/.test(process.capEff) || !process.noNewPrivileges))
      return failed('it has privileges', { actual: daemon.map(process => process.capEff) })
    const strayed = openFiles.filter(file =>
      places.some(place => file.path === place || file.path.startsWith(`${place}/`)),
    )
    return strayed.length === 0
      ? passed({ actual: { openFiles: openFiles.length } })
      : failed(`open at the source: ${strayed[0]!.path}`)
  },

  counterproofs: [
    {
      id: 'shared-home',
      breaks: 'its HOME is root’s',
      because: /HOME/,
      observation: observed => ({ ...observed, daemon: [{ ...observed.daemon[0]!, home: '/root' }] }),
    },
    {
      id: 'privileged',
      breaks: 'it has a capability',
      because: /privileges/,
      observation: observed => ({ ...observed, daemon: [{ ...observed.daemon[0]!, capEff: '0000000000000001' }] }),
    },
    {
      id: 'unseen',
      breaks: 'no open file was seen',
      because: /not one open file/,
      observation: observed => ({ ...observed, openFiles: [] }),
    },
    {
      id: 'open-at-source',
      breaks: 'a process inside has its working directory at a place that is off limits',
      because: /open at the source/,
      subject: async (context, scope) => {
        const { instance } = context.values.get(isolated)
        const controller = new AbortController()
        // Anywhere else there would be nothing to see from inside.
        const place = join(instance.place.dir, 'off-limits')
        await context.tools.files.makeDirectory(place)
        scope.defer(() => context.tools.files.remove(place))
        const running = instance
          .run({ argv: ['sleep', '60'], cwd: place }, { timeoutMs: 60_000, signal: controller.signal })
          .catch(() => {})
        scope.defer(async () => {
          controller.abort()
          await running
        })
        await Promise.race([sleeping(instance, place, context.signal), running])
        return changed(context, { values: context.values.with(offLimits, [place]) })
      },
    },
  ],
})

/** Until the process shows up where it was sent. */
async function sleeping(
  instance: { facts(): Promise<{ openFiles: readonly OpenFile[] }> },
  place: string,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if ((await instance.facts()).openFiles.some(file => file.path === place)) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
