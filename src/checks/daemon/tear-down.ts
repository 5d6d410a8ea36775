import { dirname, join } from 'node:path'
import { startBroken } from '../../daemon/start-isolated.ts'
import { endedBadly, remains } from '../../daemon/stop-clean.ts'
import { isolated, keyFiles, stopped } from '../../daemon/subjects.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { StopReport } from '../../model/instance.ts'

/** Leaves a process in a session of its own, and ends only when that one runs: before, it would end with this one's group. */
const DETACH = `
setsid sh -c ': > "$TMPDIR/detached"; exec sleep 600' >/dev/null 2>&1 </dev/null &
until [ -e "$TMPDIR/detached" ]; do sleep 0.01; done
`

interface Observed {
  readonly report: StopReport
  /** How many key and token files there were before. */
  readonly keyFiles: number
  readonly keyFilesLeft: readonly string[]
}

/** The instance stopped when asked, left nothing running or mounted, and its key files are gone. */
export const nothingLeft = defineCheck<Observed>({
  id: 'nothing-left',
  covers: ['7.1/19', '7.4/22', '7.3/45'],
  title: 'No process, namespace, mount, socket or key file of the isolated daemon is left',

  async probe({ values, tools }) {
    const paths = values.get(keyFiles)
    const found = await Promise.all(paths.map(path => tools.files.facts(path)))
    return {
      report: values.get(stopped),
      keyFiles: paths.length,
      keyFilesLeft: paths.filter((_, index) => found[index] !== undefined),
    }
  },

  judge({ report, keyFiles: count, keyFilesLeft }) {
    const left = [...remains(report), ...keyFilesLeft.map(one => `key file ${one}`)]
    if (left.length > 0) return failed(`left behind: ${left.join(', ')}`)
    if (count === 0) return failed('no key file was known, so none could be missed')
    const badly = endedBadly(report)
    if (badly !== undefined) return failed(badly)
    return passed({ actual: { exitCode: report.exitCode, durationMs: Math.round(report.durationMs) } })
  },

  counterproofs: [
    {
      id: 'mount-left',
      breaks: 'a mount is left',
      because: /mount/,
      observation: observed => ({
        ...observed,
        report: { ...observed.report, left: { ...observed.report.left, mounts: ['/left'] } },
      }),
    },
    {
      id: 'killed',
      breaks: 'the daemon ignored the request to stop',
      because: /had to be killed/,
      observation: observed => ({ ...observed, report: { ...observed.report, forced: true } }),
    },
    {
      id: 'namespace-left',
      breaks: 'a namespace is left',
      because: /namespace/,
      observation: observed => ({
        ...observed,
        report: { ...observed.report, left: { ...observed.report.left, namespaces: ['net:[1]'] } },
      }),
    },
    {
      id: 'no-key-known',
      breaks: 'nobody knows which key files there were',
      because: /no key file was known/,
      observation: observed => ({ ...observed, keyFiles: 0 }),
    },
    {
      id: 'crashed',
      breaks: 'the daemon broke down by itself before it was stopped',
      because: /had ended before/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        // It may break down as soon as it runs: nobody has to wait until it is ready.
        const { instance } = await startBroken(context, scope, { readyTimeoutMs: 0 })
        process.kill(instance.pid!, 'SIGSEGV')
        await instance.exited
        return changed(context, { values: context.values.with(stopped, await instance.stop()) })
      },
    },
    {
      id: 'key-left',
      breaks: 'one of the key files lies there again',
      because: /key file/,
      subject: async (context, scope) => {
        const { files } = context.tools
        const path = join(context.values.get(isolated).recipe.scratchDir, 'counterproofs', 'key-left', 'admin-token')
        await files.makeDirectory(dirname(path))
        scope.defer(() => files.remove(dirname(path)))
        await files.write(path, 'a token')
        return changed(context, { values: context.values.with(keyFiles, [path]) })
      },
    },
    {
      id: 'orphan',
      breaks: 'a process that detached itself outlives a daemon',
      because: /left running/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, {})
        await broken.instance.run({ argv: ['sh', '-c', DETACH] }, { timeoutMs: 10_000 })
        const report = await broken.instance.stop({ graceMs: 5_000 })
        return changed(context, { values: context.values.with(stopped, report) })
      },
    },
  ],
})
