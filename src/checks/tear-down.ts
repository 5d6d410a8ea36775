import { startBroken } from '../drill/start-isolated.ts'
import { keysDir, stopped } from '../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../model/check.ts'
import type { StopReport } from '../model/instance.ts'

/** Leaves a process in a session of its own, and ends only when that one runs: before, it would end with this one's group. */
const DETACH = `
setsid sh -c ': > "$TMPDIR/detached"; exec sleep 600' >/dev/null 2>&1 </dev/null &
until [ -e "$TMPDIR/detached" ]; do sleep 0.01; done
`

interface Observed {
  readonly report: StopReport
  readonly keyFiles: readonly string[]
}

/** The instance stopped when asked, left nothing running or mounted, and its key files are gone. */
export const nothingLeft = defineCheck<Observed>({
  id: 'nothing-left',
  title: 'No process, namespace, mount, socket or key file of the isolated daemon is left',

  async probe({ values, tools }) {
    return { report: values.get(stopped), keyFiles: await tools.files.walk(values.get(keysDir)) }
  },

  judge({ report, keyFiles }) {
    const { processes, mounts, sockets } = report.left
    const left = [
      ...processes.map(one => `process ${one.pid}`),
      ...mounts.map(one => `mount ${one}`),
      ...sockets.map(one => `socket ${one}`),
      ...keyFiles.map(one => `key file ${one}`),
    ]
    if (left.length > 0) return failed(`left behind: ${left.join(', ')}`)
    if (report.leftovers.length > 0)
      return failed(`the daemon left running: ${report.leftovers.map(one => one.argv.join(' ')).join(', ')}`)
    if (report.forced) return failed('the daemon had to be killed: it did not stop when asked')
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
      id: 'key-left',
      breaks: 'a key file is left',
      because: /key file/,
      observation: observed => ({ ...observed, keyFiles: ['admin-token'] }),
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
