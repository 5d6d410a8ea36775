import { setTimeout as delay } from 'node:timers/promises'
import { keptCapture } from '../model/capture.ts'
import type { AnyCheck } from '../model/check.ts'
import { formatCommand } from '../model/command.ts'
import { parseCommands, refuseCommands } from '../model/command-param.ts'
import { parseDuration, refuseDuration } from '../model/duration.ts'
import { RunproofError } from '../model/error.ts'
import type { ParamSpec, PlanInput, Step, StepContext } from '../model/runbook.ts'
import { newSecret } from './new-secret.ts'

const PAGE = 'production-runbooks'
/** One answer of one consumer. */
const PROBE_MS = 15_000
const PAUSE_MS = 1_000

/** What a rotation that asks the consumers takes for it, to be spread into its own parameters. */
export const consumerParams = paramsWith('the new value comes on its standard input; ')

/** The same where nobody is given a value: the daemon keeps it for itself, or a machine does. */
export const valuelessConsumerParams = paramsWith('')

function paramsWith(given: string): Readonly<Record<'consumer-probe' | 'consumer-within', ParamSpec>> {
  return {
    'consumer-probe': {
      describe: `asked before and after, exit code 0 says that a consumer works; ${given}several as [["a"],["b"]]`,
      example: '/usr/local/bin/ask-consumer',
      refuse: refuseCommands,
    },
    'consumer-within': {
      describe: 'how long each consumer may take to work with the new value',
      default: '30s',
      refuse: refuseDuration,
    },
  }
}

/** When the consumers are asked first: when none of them should work with what is replaced, nor yet with what is new. */
export interface FirstLook {
  readonly title: string
  /** For instance `while nobody was logged in`. */
  readonly when: string
  /** Whether each probe gets the new value on its standard input. */
  readonly withValue: boolean
}

const BEFORE_IT_COUNTS: FirstLook = {
  title: 'Ask the consumers while the daemon does not know the new value yet',
  when: 'before the daemon knew the new value',
  withValue: true,
}

/** What the probe of one consumer answered. */
export interface ConsumerAnswer {
  /** As it was given. */
  readonly probe: string
  /** Null where it did not end by itself. */
  readonly exitCode: number | null
  readonly waitedMs: number
}

/** At the {@link FirstLook}. */
export const consumersBefore = keptCapture<readonly ConsumerAnswer[]>(
  'consumers-before',
  'what the consumers’ probes answered before the replacement',
)
export const consumersAfter = keptCapture<readonly ConsumerAnswer[]>(
  'consumers-after',
  'what the consumers’ probes answered after the replacement',
)

/**
 * The step that runs every `consumer-probe=` once before the replacement, where some were given, else none. Right before the step
 * that replaces the old value, after {@link deliverStep}. Nothing has to work then: a probe that uses the value it is given, or
 * that of the place it was delivered to, must fail before the daemon knows it, and has thereby shown that it can.
 *
 * @param first - where another moment is the one at which a consumer must fail
 */
export function consumersBeforeStep(
  input: PlanInput,
  checks: { readonly consumersAsked: AnyCheck },
  { title, withValue }: FirstLook = BEFORE_IT_COUNTS,
): readonly Step[] {
  const probes = probesOf(input)
  if (probes.length === 0) return []
  return [
    {
      id: 'consumers-before',
      title,
      effect: 'read',
      docs: { page: PAGE },
      timeoutMs: probes.length * PROBE_MS + PROBE_MS,
      yields: [consumersBefore],
      run: {
        describe: `run each consumer-probe= once${given(withValue)}; what it prints is dropped`,
        commands: probes.map(argv => formatCommand({ argv })),
        async execute(context) {
          const answers: ConsumerAnswer[] = []
          for (const argv of probes) answers.push(await askConsumer(context, argv))
          context.set(consumersBefore, answers)
        },
      },
      verify: [checks.consumersAsked],
    },
  ]
}

/**
 * The step that runs every `consumer-probe=` after the replacement until it exits 0, where some were given, else none. After the
 * step that replaces the old value.
 */
export function consumersStep(
  input: PlanInput,
  checks: { readonly consumersWork: AnyCheck },
  first: FirstLook = BEFORE_IT_COUNTS,
): readonly Step[] {
  const probes = probesOf(input)
  if (probes.length === 0) return []
  const withinMs = parseDuration(input.params['consumer-within']!)
  return [
    {
      id: 'consumers',
      title: `Ask the consumers whether they work${first.withValue ? ' with the new value' : ' again'}`,
      effect: 'read',
      docs: { page: PAGE },
      timeoutMs: withinMs + probes.length * PROBE_MS + PROBE_MS,
      yields: [consumersAfter],
      run: {
        describe: `run each consumer-probe= until it exits 0, for at most ${input.params['consumer-within']}${first.withValue ? ',' : ''}${given(first.withValue)}; what it prints is dropped`,
        commands: probes.map(argv => formatCommand({ argv })),
        async execute(context) {
          const answers = await Promise.all(probes.map(argv => askUntil(context, argv, withinMs)))
          context.set(consumersAfter, answers)
          tellWhatTheyCanShow(context, answers, first.when)
        },
      },
      verify: [checks.consumersWork],
    },
  ]
}

const given = (withValue: boolean) => (withValue ? ' with the new value on its standard input' : '')

function probesOf({ params }: PlanInput): readonly (readonly [string, ...string[]])[] {
  const given = params['consumer-probe']
  return given === undefined ? [] : parseCommands(given)
}

async function askUntil(
  context: StepContext,
  argv: readonly [string, ...string[]],
  withinMs: number,
): Promise<ConsumerAnswer> {
  const { clock } = context.tools
  const beganMs = clock.monotonicMs()
  for (;;) {
    const answer = await askConsumer(context, argv)
    const waitedMs = Math.ceil(clock.monotonicMs() - beganMs)
    if (answer.exitCode === 0 || waitedMs >= withinMs) return { ...answer, waitedMs }
    await delay(Math.min(PAUSE_MS, withinMs - waitedMs), undefined, { signal: context.signal }).catch(() => {
      throw new RunproofError('INTERRUPTED', 'asking the consumers was interrupted; the new value is in use')
    })
  }
}

async function askConsumer(context: StepContext, argv: readonly [string, ...string[]]): Promise<ConsumerAnswer> {
  // Where nobody is given a value there is none.
  const stdin = context.values.find(newSecret)
  const limits = { timeoutMs: PROBE_MS, maxOutputBytes: 0 }
  const { exitCode, durationMs } = await context.runIn(
    context.tools.commands,
    { argv, ...(stdin === undefined ? {} : { stdin }) },
    limits,
  )
  return { probe: formatCommand({ argv }), exitCode, waitedMs: Math.ceil(durationMs) }
}

/** A probe that was green at the first look has not been seen red: nothing says that it can be. */
function tellWhatTheyCanShow({ run, values }: StepContext, after: readonly ConsumerAnswer[], when: string): void {
  const before = values.get(consumersBefore)
  const neverRed = after.filter((_, index) => before[index]?.exitCode === 0)
  run.fact('consumers.probed', after.length)
  run.fact('consumers.seenRed', after.length - neverRed.length)
  for (const { probe } of neverRed)
    run.notTested(
      `that ${probe} can fail: it exited 0 also ${when}, so its consumer works, and nothing says with which value`,
    )
}
