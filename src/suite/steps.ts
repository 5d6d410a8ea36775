import { dirname, join } from 'node:path'
import { SITE_COMMANDS } from '../daemon/make-site.ts'
import { startIsolated } from '../daemon/start-isolated.ts'
import { stopClean } from '../daemon/stop-clean.ts'
import { answering, daemon, type Isolated, isolated, keysDir, type Recipe, searched } from '../daemon/subjects.ts'
import { tearDownStep } from '../daemon/tear-down.ts'
import type { Capture } from '../model/capture.ts'
import type { AnyCheck, NonEmpty } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { PlanInput, Step, StepContext } from '../model/runbook.ts'
import { connectRunning } from './connect.ts'
import { makeOwnSite, OWN_KEYS, type OwnSite, recipeWithProvider } from './own-recipe.ts'
import { reachOf } from './params.ts'
import { tellWithoutBarrier } from './without-barrier.ts'

const READY_WITHIN_MS = 15_000
const PAGE = 'production-runbooks'
const START = 'serve --bind <address> --state-root <state-root> --workspace-root <workspace-root> ...'
const SERVE = 'serve --bind 127.0.0.1:<port> --state-root <view> --workspace-root <view> …'

/** What of a suite the first step, which brings its daemon, depends on. */
export interface DaemonStep {
  /** From what its own daemon is started. Default: with a model provider beside it. */
  readonly recipe?: (context: StepContext, own: OwnSite) => Recipe | Promise<Recipe>
  /** Command lines after the program that `recipe` runs. */
  readonly commands?: readonly string[]
  /** Puts something in front of its own daemon, and returns the daemon as it is reached from then on. */
  readonly front?: (context: StepContext, made: Isolated) => Promise<Isolated>
  /** Whether a running daemon is asked once with each token before any check. Default true. */
  readonly knocks?: boolean
  /** What `recipe` sets. */
  readonly yields?: readonly Capture<unknown>[]
  readonly verify: NonEmpty<AnyCheck>
}

/** The first step of a suite: a daemon of its own behind a barrier, or a running one. */
export function daemonStep(
  input: PlanInput,
  { recipe = recipeWithProvider, commands = [], front, knocks = true, yields = [], verify }: DaemonStep,
): Step {
  const running = reachOf(input) === 'running'
  return {
    id: 'daemon',
    title: running ? 'Reach the running daemon' : 'Start a daemon of the suite’s own, isolated',
    effect: 'read',
    docs: { page: PAGE, command: running ? 'status' : START },
    timeoutMs: 60_000,
    yields: [answering, ...(running ? [daemon] : [isolated, keysDir, ...yields])],
    run: running
      ? {
          describe: 'read the token files and prepare to ask; the daemon writes probe files on every status call',
          async execute(context) {
            context.run.assume(
              'each status call made the daemon write and remove a probe file in its state root and its workspace',
            )
            if (!input.target.real)
              context.run.assume(
                `what answers at ${context.params['base-url']} is a stand-in, as the command line calls it`,
              )
            context.set(daemon, await connectRunning(context, knocks))
            context.set(answering, true)
          },
        }
      : {
          describe: 'make keys, roots and a routes file in scratch, and start the daemon on a view of them',
          commands: [...SITE_COMMANDS, ...commands, SERVE].map(words => `${input.target.program} ${words}`),
          async execute(context) {
            await tellWithoutBarrier(context)
            const own = await makeOwnSite(context)
            await context.tools.files.makeDirectory(own.keysDir)
            context.set(keysDir, own.keysDir)
            const made = await startIsolated(context, await recipe(context, own), {
              keysDir: own.keysDir,
              readyTimeoutMs: READY_WITHIN_MS,
            })
            context.run.defer('the socket it was not to reach', async () => made.lure[Symbol.asyncDispose]())
            for (const assumption of made.instance.uncovered) context.run.assume(assumption)
            context.run.defer('the isolated daemon', () => stopClean(made.instance, 'judged before'))
            context.set(isolated, front === undefined ? made : await front(context, made))
            if (made.readiness.outcome === 'ready') context.set(answering, true)
          },
        },
    verify,
  }
}

/** The last steps: what a suite started is stopped, and what it wrote is searched. */
export function endSteps(
  input: PlanInput,
  checks: { nothingLeft: AnyCheck; noSecretWritten: AnyCheck },
): readonly Step[] {
  const search: Step = {
    id: 'search',
    title: 'Search everything that was written for known secrets',
    effect: 'read',
    timeoutMs: 300_000,
    yields: [searched],
    afterFailure: [daemon],
    run: { describe: 'list what the run wrote and the secrets it knew', execute: searchScratch },
    verify: [checks.noSecretWritten],
  }
  if (reachOf(input) === 'running') return [search]
  return [tearDownStep(checks.nothingLeft), search]
}

async function searchScratch(context: StepContext): Promise<void> {
  const { run, tools } = context
  const evidence = dirname(run.artifactsDir)
  const names = (await tools.files.list(run.scratchDir)).filter(name => name !== OWN_KEYS)
  const below = names.map(name => join(run.scratchDir, name))
  const secrets = context.knownSecrets()
  const [scratch = evidence] = below
  if (secrets.length === 0)
    throw new RunproofError('NOTHING_SEARCHED', 'the run knew no secret, so there was nothing to search for')
  context.set(searched, { paths: [evidence, ...below], secrets, places: { evidence, scratch } })
}
