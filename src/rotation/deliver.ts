import type { AnyCheck, CheckContext } from '../model/check.ts'
import { formatCommand } from '../model/command.ts'
import { parseCommand, refuseCommand } from '../model/command-param.ts'
import { RunproofError } from '../model/error.ts'
import type { ParamConflict, ParamSpec, PlanInput, Step, StepContext } from '../model/runbook.ts'
import { isIsolated } from '../suite/params.ts'
import { type Delivery, delivery, type Held } from './delivery.ts'
import { newSecret } from './new-secret.ts'

/** A vault far away may take its time; nothing has been replaced yet. */
const COMMAND_MS = 60_000
const PAGE = 'production-runbooks'

/** What a rotation that hands its new value over takes for it, to be spread into its own parameters. */
export const deliverParams: Readonly<Record<string, ParamSpec>> = {
  'deliver-command': {
    describe:
      'puts the new value where its consumers read it, before anything is replaced; the value comes on its standard input',
    example: '/usr/local/bin/put-secret daemon/admin-token',
    refuse: refuseCommand,
  },
  'deliver-check': {
    describe: 'prints what is held there; compared in memory, before and after, and shown nowhere',
    example: '/usr/local/bin/get-secret daemon/admin-token',
    refuse: refuseCommand,
  },
}

/** Why these parameters do not go together, or undefined; for a rotation's `conflict`. */
export function deliverConflict(input: PlanInput): ParamConflict | undefined {
  const { params } = input
  const given = ['deliver-command', 'consumer-probe'].find(name => params[name] !== undefined)
  if (given !== undefined && isIsolated(input))
    return {
      message: `${given}= reaches consumers of a running daemon, and the runbook’s own daemon has none: they would get a value that ends with the run`,
      hint: '--param base-url=URL, or leave it out',
    }
  if (params['deliver-check'] !== undefined && params['deliver-command'] === undefined)
    return {
      message: 'deliver-check= looks at what deliver-command= has put somewhere, and that is not given',
      hint: '--param deliver-command=COMMAND',
    }
  return undefined
}

/**
 * The step that hands the new value over where `deliver-command=` was given, else none. It goes between the step that yields
 * {@link newSecret} and the one that replaces the old value. Where the command fails it is errored, and the run ends before
 * anything is replaced.
 */
export function deliverStep(input: PlanInput, checks: { readonly handedOver: AnyCheck }): readonly Step[] {
  const given = input.params['deliver-command']
  if (given === undefined) return []
  const argv = parseCommand(given)
  const check = input.params['deliver-check']
  return [
    {
      id: 'deliver',
      title: 'Hand the new value over to where its consumers read it, before anything is replaced',
      effect: 'write',
      docs: { page: PAGE },
      timeoutMs: 3 * COMMAND_MS,
      yields: [delivery],
      role: 'operator',
      // Without something that tells what is held, handing the same value over again changes nothing.
      ...(check === undefined
        ? { resume: 'repeatable' as const }
        : { resume: 'check-first' as const, tookEffect: alreadyHeld }),
      irreversible: 'what was held there is known to nobody here; rotating again hands over another value',
      run: {
        describe: `run deliver-command= with the new value on its standard input; what it prints is dropped${check === undefined ? '' : '; ask deliver-check= before and after'}`,
        commands: [
          formatCommand({ argv }),
          ...(check === undefined ? [] : [formatCommand({ argv: parseCommand(check) })]),
        ],
        execute: context => handOver(context, argv),
      },
      verify: [checks.handedOver],
    },
  ]
}

async function handOver(context: StepContext, argv: readonly [string, ...string[]]): Promise<void> {
  const { tools, values } = context
  const heldBefore = await askHeld(context)
  const stdin = values.get(newSecret)
  const limits = { timeoutMs: COMMAND_MS, maxOutputBytes: 0 }
  const ended = await context.runIn(tools.commands, { argv, stdin }, limits)
  if (ended.exitCode !== 0) {
    const how = ended.timedOut
      ? `had not ended after ${COMMAND_MS} ms`
      : ended.signal === null
        ? `exited ${ended.exitCode}`
        : `was ended by ${ended.signal}`
    throw new RunproofError(
      'COMMAND_FAILED',
      `deliver-command= ${how}: nothing was replaced; what is held where the command puts it is not known`,
      { hint: `look there, and run ${argv[0]} by hand to see what it says: its output is not kept` },
    )
  }
  tell(context, { at: tools.clock.now().toISOString(), heldBefore })
}

/** After a break in the middle of it. */
async function alreadyHeld(context: StepContext): Promise<boolean> {
  if ((await askHeld(context)) !== 'new') return false
  // Of what was held before the break nothing is known any more, so the one place that could tell is not asked to prove it.
  tell(context, { at: context.tools.clock.now().toISOString(), heldBefore: undefined })
  return true
}

function tell(context: StepContext, made: Delivery): void {
  context.set(delivery, made)
  context.run.fact('delivery.deliveredAt', made.at)
  context.run.assume(
    `at ${made.at} deliver-command= took the new value, whatever became of the rotation; what was held there before is not kept`,
  )
  if (made.heldBefore === undefined)
    context.run.notTested(
      context.params['deliver-check'] === undefined
        ? 'that the new value is held where deliver-command= puts it: it exited 0, and no deliver-check= says more'
        : 'that deliver-check= printed another value before the new one was handed over: the run had broken off there',
    )
}

/** Undefined where no `deliver-check=` was given. */
export async function askHeld(context: CheckContext): Promise<Held | undefined> {
  const given = context.params['deliver-check']
  if (given === undefined) return undefined
  const { exitCode, stdout } = await context.runIn(
    context.tools.commands,
    { argv: parseCommand(given) },
    { timeoutMs: COMMAND_MS },
  )
  const held = stdout.replace(/\r?\n$/, '')
  if (exitCode !== 0 || held === '') return 'nothing'
  return held === context.values.get(newSecret).reveal() ? 'new' : 'another'
}
