import { join } from 'node:path'
import { deployment } from '../../drill/backup-subjects.ts'
import { type LockState, lockState } from '../../drill/lock.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'

/** Nobody holds the lock of the state root, so nothing writes while it is archived. */
export const sourceStopped = defineCheck<{ readonly lock: LockState; readonly lockFile: string }>({
  id: 'source-stopped',
  title: 'Nobody holds the lock of the source’s state root',

  async probe(context) {
    const { stateRoot } = context.values.get(deployment)
    return {
      lock: await lockState(context, stateRoot),
      lockFile: join(stateRoot, context.target.layout.lockFile),
    }
  },

  // What is unknown stands among the assumptions.
  judge: ({ lock, lockFile }) =>
    lock === 'held'
      ? failed(`${lockFile} is held: the daemon still runs; stop it, or give a snapshot of its state root`)
      : passed({ actual: lock === 'free' ? 'not held' : `unknown: there is no ${lockFile}` }),

  counterproofs: [
    {
      id: 'locked',
      breaks: 'the lock is held',
      because: /still runs/,
      observation: observed => ({ ...observed, lock: 'held' }),
    },
    {
      id: 'lock-held',
      breaks: 'a process holds the lock of another state root',
      because: /still runs/,
      subject: async (context, scope) => {
        const { files, commands } = context.tools
        const subject = context.values.get(deployment)
        const stateRoot = join(subject.scratchDir, 'locked')
        const lockFile = join(stateRoot, context.target.layout.lockFile)
        await files.makeDirectory(stateRoot)
        scope.defer(() => files.remove(stateRoot))
        await files.write(lockFile, '')
        const controller = new AbortController()
        const held = join(stateRoot, 'held')
        const holder = commands.run(
          { argv: ['flock', lockFile, 'sh', '-c', 'touch "$0"; exec sleep 60', held] },
          { timeoutMs: 60_000, signal: controller.signal },
        )
        scope.defer(async () => {
          controller.abort()
          await holder.catch(() => {})
        })
        while ((await files.facts(held)) === undefined && !context.signal.aborted)
          await new Promise(resolve => setTimeout(resolve, 5))
        return changed(context, { values: context.values.with(deployment, { ...subject, stateRoot }) })
      },
    },
  ],
})
