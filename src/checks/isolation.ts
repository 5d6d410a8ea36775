import { join } from 'node:path'
import { startBroken } from '../drill/start-isolated.ts'
import { isolated, keysDir, offLimits } from '../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../model/check.ts'
import type { InstanceProcess, Listener, OpenFile, ProbeResult } from '../model/instance.ts'

interface Egress {
  readonly inside: ProbeResult['outcome']
  readonly outside: ProbeResult['outcome']
}

/** From inside the barrier nothing outside can be reached; the same probe from outside shows that there was something to reach. */
export const egressRefused = defineCheck<Egress>({
  id: 'egress-refused',
  title: 'The isolated daemon can reach nothing outside its barrier',
  needs: ['barrier'],

  async probe({ values, tools }) {
    await using beacon = await tools.interposer.beacon()
    const { host, port } = beacon
    return {
      outside: (await tools.instances.probeFromOutside({ host, port })).outcome,
      inside: (await values.get(isolated).instance.egressProbe({ host, port })).outcome,
    }
  },

  judge({ inside, outside }) {
    if (outside !== 'connected')
      return failed('the listener could not be reached from outside either, so the probe proves nothing', {
        actual: outside,
      })
    return inside === 'connected'
      ? failed('a connection out of the barrier succeeded', { actual: inside })
      : passed({ actual: { inside, outside } })
  },

  counterproofs: [
    {
      id: 'dead-listener',
      breaks: 'nothing listens outside',
      because: /proves nothing/,
      observation: observed => ({ ...observed, outside: 'refused' }),
    },
    {
      id: 'egress-open',
      breaks: 'a daemon shares the network of this machine',
      because: /succeeded/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, { network: 'shared' })
        return changed(context, { values: context.values.with(isolated, broken) })
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
        return changed(context, { values: context.values.with(isolated, broken) })
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
        const running = instance.run(
          { argv: ['sleep', '60'], cwd: place },
          { timeoutMs: 60_000, signal: controller.signal },
        )
        scope.defer(async () => {
          controller.abort()
          await running.catch(() => {})
        })
        await sleeping(instance, place, context.signal)
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
