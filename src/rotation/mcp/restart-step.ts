import type { AnyCheck } from '../../model/check.ts'
import { formatCommand } from '../../model/command.ts'
import { parseCommand, refuseCommand } from '../../model/command-param.ts'
import { RunproofError } from '../../model/error.ts'
import type { ParamSpec, PlanInput, Step } from '../../model/runbook.ts'
import { ask } from '../../suite/ask.ts'
import { waitUntil, withinMsOf, withinParam } from '../wait-until.ts'

/** What a service manager may take to stop a daemon and start it. */
const COMMAND_MS = 120_000

/** What a rotation takes that counts only once the daemon is started again. */
export const restartParams: Readonly<Record<string, ParamSpec>> = {
  'restart-command': {
    describe: 'starts the running daemon again; without it a person does',
    example: 'systemctl restart daemon',
    refuse: refuseCommand,
  },
  ...withinParam('how long a running daemon may take until what was changed counts', '2m'),
}

/**
 * The step that has a running daemon started again: by `restart-command=`, or by a person.
 *
 * @param docs - where that is described
 * @param ready - that it answers afterwards
 */
export function restartStep(input: PlanInput, docs: NonNullable<Step['docs']>, ready: AnyCheck): Step {
  const given = input.params['restart-command']
  const step = {
    id: 'restart',
    title: 'Have the daemon started again: it reads its list of MCP servers at start only',
    effect: 'write',
    docs,
    timeoutMs: COMMAND_MS + withinMsOf(input) + 30_000,
    role: 'operator',
    // One start more does what one does.
    resume: 'repeatable',
    irreversible: 'a start cannot be taken back; until it, the servers that use the slot stay disconnected',
  } as const
  if (given === undefined)
    return {
      ...step,
      run: {
        instruction: 'start the daemon again, the way it is started there, with the same state root and configuration',
        confirm: 'the daemon was stopped and started again after the slot was set',
      },
      verify: [],
    }
  const argv = parseCommand(given)
  return {
    ...step,
    run: {
      describe: 'run restart-command=, and wait until the daemon answers again; what it prints is dropped',
      commands: [formatCommand({ argv })],
      async execute(context) {
        const { target, tools } = context
        const ended = await context.runIn(tools.commands, { argv }, { timeoutMs: COMMAND_MS, maxOutputBytes: 0 })
        if (ended.exitCode !== 0)
          throw new RunproofError(
            'COMMAND_FAILED',
            `restart-command= ${ended.timedOut ? `had not ended after ${COMMAND_MS} ms` : `exited ${ended.exitCode ?? ended.signal}`}: the slot has the new value, and the servers that use it are disconnected`,
            { hint: `start the daemon by hand, and see what ${argv[0]} says: its output is not kept` },
          )
        await waitUntil(
          context,
          withinMsOf(context),
          async () => (await ask(context, target.http.ready, { bearer: 'none' })).status,
          status => status === 200,
        )
      },
    },
    verify: [ready],
  }
}
