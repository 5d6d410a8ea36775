import { join } from 'node:path'
import { type Capture, keptCapture } from '../model/capture.ts'
import type { AnyCheck } from '../model/check.ts'
import { isManual, type PlanInput, type Step, type StepContext } from '../model/runbook.ts'
import { previousSettings, settingsNow } from './first-containment.ts'
import { inCode, inMarkdown } from './plain.ts'

const PAGE = 'production-runbooks'

/** One thing that was done to a credential, and what came of it. No value of it. */
export interface Done {
  /** For instance the name of a slot, or of a token's file. */
  readonly what: string
  readonly result: string
}

/** What is left behind when an incident is over. */
export interface Closing {
  readonly scenario: string
  /** When it began, as far as was known. */
  readonly since?: string | undefined
  /** What was stopped or taken away, other than credentials. */
  readonly contained?: readonly Done[]
  readonly rotated: readonly Done[]
  readonly revoked: readonly Done[]
  readonly restored: readonly Done[]
  /** What is still to be done, or not known. */
  readonly open: readonly string[]
  /** Command lines that would have found this incident, or will find the next one. */
  readonly regression: readonly string[]
}

/** The written list, as it lies in the artifacts. */
export interface PostIncident extends Closing {
  readonly runId: string
  readonly writtenAt: string
  /** What people were asked for; whether they said so stands at the step of that id in the evidence. */
  readonly people: readonly {
    readonly step: string
    readonly instruction: string
    readonly role: string
    /** `attested`: somebody said so. */
    readonly outcome: string
  }[]
  readonly timeline: string
}

/** Where the list lies, and what had to go into it. */
interface Written {
  readonly directory: string
  /** Private, for copies of it. */
  readonly scratchDir: string
  readonly closing: Closing
}

export const postIncident: Capture<Written> = keptCapture('post-incident', 'the list that an incident leaves behind')

export const POST_INCIDENT = { json: 'post-incident.json', text: 'post-incident.md' } as const

interface CloseOptions {
  readonly written: AnyCheck
  /** The steps of the runbook, of which those of people are listed. */
  readonly steps: readonly Step[]
  readonly closing: (context: StepContext) => Closing | Promise<Closing>
}

/** Writes down what was rotated, revoked and put back, what is open, and which commands are to catch it next time. */
export function closeStep({ params }: PlanInput, { written, steps, closing }: CloseOptions): Step {
  return {
    id: 'post-incident',
    title: 'Write the list that the incident leaves behind',
    effect: 'read',
    docs: { page: PAGE },
    timeoutMs: 60_000,
    role: 'comms',
    yields: [postIncident],
    run: {
      describe: `write ${POST_INCIDENT.text} and ${POST_INCIDENT.json}: what was rotated, revoked and put back, what is open, what to run from now on`,
      async execute(context) {
        const { run, tools } = context
        const given = await closing(context)
        const whole: Closing = {
          since: params.since,
          contained: [],
          ...given,
          restored: [...given.restored, ...(await settingsOf(context))],
          open: [...given.open, ...notDone(context)],
        }
        const ended = new Map(run.ended().map(({ id, outcome }) => [id, outcome]))
        const list: PostIncident = {
          ...whole,
          runId: run.runId,
          writtenAt: tools.clock.now().toISOString(),
          people: steps.flatMap(({ id, role, run: work }) =>
            isManual(work)
              ? [
                  {
                    step: id,
                    instruction: work.instruction,
                    role: role ?? 'nobody in particular',
                    outcome: ended.get(id) ?? 'not asked',
                  },
                ]
              : [],
          ),
          timeline: `bin/runproof evidence timeline reports/${run.runId}: every command, decision and note, with its instant and who`,
        }
        await tools.files.write(join(run.artifactsDir, POST_INCIDENT.json), `${JSON.stringify(list, null, 2)}\n`)
        await tools.files.write(join(run.artifactsDir, POST_INCIDENT.text), asText(list))
        context.set(postIncident, { directory: run.artifactsDir, scratchDir: run.scratchDir, closing: whole })
      },
    },
    verify: [written],
  }
}

/** What a step came to, in words: done where its checks saw it, else how it ended. What was only asked for is not done. */
export function resultOf({ run }: Pick<StepContext, 'run'>, step: string, done: string): string {
  const ended = run.ended().find(({ id }) => id === step)
  if (ended?.outcome === 'passed') return done
  return `not seen ${done}: step ${step} ${ended === undefined ? 'was not reached' : `is ${ended.outcome}`}`
}

/** Steps that a person has to look at again. */
function notDone({ run }: StepContext): readonly string[] {
  return run
    .ended()
    .filter(({ outcome }) => outcome !== 'passed' && outcome !== 'attested')
    .map(({ id, outcome, reason }) => `step ${id} is ${outcome}${reason === undefined ? '' : `: ${reason}`}`)
}

/** What the settings that were set first are now, held against what they were: after a failure nobody puts them back. */
async function settingsOf(context: StepContext): Promise<readonly Done[]> {
  const previous = context.values.find(previousSettings)
  if (previous === undefined) return []
  const now = await settingsNow(context).catch(() => undefined)
  const told = (was: string, is: string | undefined) =>
    is === undefined ? `not known; it was ${was}` : is === was ? `${is}, as before` : `${is}; it was ${was}`
  return [
    { what: 'permission mode', result: told(previous.permissionMode, now?.permissionMode) },
    { what: 'debug level', result: told(previous.debugLevel, now?.debugLevel) },
  ]
}

function asText(list: PostIncident): string {
  const done = (items: readonly Done[]) => items.map(({ what, result }) => `${inMarkdown(what)}: ${inMarkdown(result)}`)
  const people = list.people.map(
    ({ step, role, instruction, outcome }) => `${step} (${role}), ${outcome}: ${inMarkdown(instruction)}`,
  )
  return [
    '# Post-incident list',
    '',
    `${inMarkdown(list.scenario)}. Run ${list.runId}, written at ${list.writtenAt}.`,
    ...(list.since === undefined ? [] : ['', `It is taken to have begun at ${list.since}.`]),
    ...section('Stopped or taken away', done(list.contained ?? [])),
    ...section('Rotated', done(list.rotated)),
    ...section('Revoked', done(list.revoked)),
    ...section('Put back, and how it is now', done(list.restored)),
    ...section('Asked of people: attested means that somebody said so, and that nothing verified it', people),
    ...section('Open', list.open.map(inMarkdown)),
    ...section('To be run from now on', list.regression.map(inCode)),
    ...section('Timeline', [list.timeline]),
    '',
  ].join('\n')
}

function section(title: string, items: readonly string[]): readonly string[] {
  return ['', `## ${title}`, '', ...(items.length === 0 ? ['Nothing.'] : items.map(item => `- ${item}`))]
}
