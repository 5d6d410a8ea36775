import { join } from 'node:path'
import { source } from '../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'

/** Nobody holds the lock of the state root, so nothing writes while it is archived. */
export const sourceStopped = defineCheck<{ readonly locked: boolean; readonly lockFile: string }>({
  id: 'source-stopped',
  title: 'Nobody holds the lock of the source’s state root',

  async probe(context) {
    const { values, target, tools } = context
    const lockFile = join(values.get(source).stateRoot, target.layout.lockFile)
    if ((await tools.files.facts(lockFile)) === undefined) return { locked: false, lockFile }
    // Only tries: the lock is given back when `true` ends, and the file is not written.
    const tried = await context.runIn(tools.commands, {
      argv: ['flock', '--nonblock', '--conflict-exit-code', '9', lockFile, 'true'],
    })
    if (tried.exitCode !== 0 && tried.exitCode !== 9)
      throw new RunproofError('COMMAND_FAILED', `flock ended with exit ${tried.exitCode ?? tried.signal}`)
    return { locked: tried.exitCode === 9, lockFile }
  },

  judge: ({ locked, lockFile }) =>
    locked ? failed(`${lockFile} is held: the daemon still runs`) : passed({ actual: 'not held' }),

  counterproofs: [
    {
      id: 'locked',
      breaks: 'the lock is held',
      because: /still runs/,
      observation: observed => ({ ...observed, locked: true }),
    },
    {
      id: 'lock-held',
      breaks: 'a process holds the lock of a copy',
      because: /still runs/,
      subject: async (context, scope) => {
        const { files, commands } = context.tools
        const stateRoot = join(context.values.get(source).stateRoot, '..', 'locked-copy')
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
        return changed(context, { values: context.values.with(source, { ...context.values.get(source), stateRoot }) })
      },
    },
  ],
})
