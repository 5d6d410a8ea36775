import { client } from '../daemon/client.ts'
import { answering, daemon } from '../daemon/subjects.ts'
import { keptCapture } from '../model/capture.ts'
import type { AnyCheck, CheckContext } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { PlanInput, Step, Undo } from '../model/runbook.ts'
import { ask, askFor } from '../suite/ask.ts'

const PAGE = 'production-runbooks'
const RUNTIME_MS = 60_000

/** Refuses what would need an approval, instead of leaving it pending. */
export const CONTAINED = { permissionMode: 'dontAsk', debugLevel: 'off' } as const

/** The level that is never put back by itself: everything is written down, secrets too. */
const FULL = 'full'

/** The settings an incident found. */
export interface Settings {
  readonly permissionMode: string
  readonly debugLevel: string
}

/** Kept: what is read after the containment is the containment's. */
export const previousSettings = keptCapture<Settings & { readonly readAt: string }>(
  'previous-settings',
  'permission mode and debug level before the containment',
)

/** What the daemon says it runs under. @throws RunproofError ANSWER_MALFORMED */
export async function settingsNow(context: CheckContext): Promise<Settings> {
  const { paths, read } = context.target.runs
  const { permissionMode, debugLevel } = await askFor(context, paths.runtime, read.runtime)
  return { permissionMode, debugLevel }
}

/** The mode that is never put back by itself: whoever got in may have set it, and nobody would be asked any more. */
const UNASKED = 'bypassPermissions'

/** What recovery puts back: the previous mode unless that asks nobody, and the previous level unless that is `full`. */
export function settingsToRestore({ permissionMode, debugLevel }: Settings): Settings {
  return {
    permissionMode: permissionMode === UNASKED ? CONTAINED.permissionMode : permissionMode,
    debugLevel: debugLevel === FULL ? CONTAINED.debugLevel : debugLevel,
  }
}

/** Reads mode and level before anything is contained. A step of its own, so that going on after a break never reads them anew. */
export function readSettings(known: AnyCheck): Step {
  return {
    id: 'previous-settings',
    title: 'Note the settings before the containment',
    effect: 'read',
    docs: { page: PAGE, command: 'runtime get' },
    timeoutMs: RUNTIME_MS,
    role: 'operator',
    // A daemon that is not ready can be contained, and what it is put back to has to be known then, too.
    afterFailure: [answering],
    yields: [previousSettings],
    run: {
      describe: 'ask for permission mode and debug level, and keep them for the recovery',
      async execute(context) {
        const now = await settingsNow(context)
        context.set(previousSettings, { ...now, readAt: context.tools.clock.now().toISOString() })
        context.run.fact('incident.previousPermissionMode', now.permissionMode)
        context.run.fact('incident.previousDebugLevel', now.debugLevel)
      },
    },
    verify: [known],
  }
}

const SET_MODE = 'runtime set-permission-mode'
const SET_LEVEL = 'runtime set-debug-level'
/** What a first containment runs. */
export const CONTAIN_COMMANDS = [`${SET_MODE} dont-ask`, `${SET_LEVEL} off`]

/** Permission mode `dont-ask` and debug level `off`: the first thing in every containment. */
export function firstContainment({ target }: PlanInput, containedFirst: AnyCheck): Step {
  return {
    id: 'first-containment',
    title: 'Refuse what would need an approval, and stop debug capture',
    effect: 'write',
    docs: { page: PAGE, command: `${SET_MODE} dont-ask` },
    timeoutMs: RUNTIME_MS,
    role: 'incident-commander',
    afterFailure: [answering],
    resume: 'repeatable',
    undo: putBack(target.program),
    run: {
      describe: 'set the permission mode to dont-ask and the debug level to off; both hold for every session at once',
      commands: CONTAIN_COMMANDS.map(words => `${target.program} ${words}`),
      async execute(context) {
        await setSettings(context, CONTAINED)
        context.run.fact('incident.containedAt', context.tools.clock.now().toISOString())
      },
    },
    verify: [containedFirst],
  }
}

/** Puts the settings back that there were; a level of `full` stays off, and that is told. */
export function restoreSettings({ target }: PlanInput, settingsRestored: AnyCheck): Step {
  return {
    id: 'restore-settings',
    title: 'Put permission mode and debug level back',
    effect: 'write',
    docs: { page: PAGE, command: `${SET_MODE} <mode>` },
    timeoutMs: RUNTIME_MS,
    role: 'incident-commander',
    resume: 'repeatable',
    undo: {
      describe: 'contain again: permission mode dont-ask, debug level off',
      commands: CONTAIN_COMMANDS.map(words => `${target.program} ${words}`),
      execute: context => setSettings(context, CONTAINED),
    },
    run: {
      describe:
        'set permission mode and debug level to what they were before the containment; full stays off, and a mode that asks nobody stays contained',
      commands: [`${target.program} ${SET_MODE} <mode>`, `${target.program} ${SET_LEVEL} <level>`],
      async execute(context) {
        const previous = context.values.get(previousSettings)
        await setSettings(context, settingsToRestore(previous))
        if (previous.permissionMode === UNASKED)
          context.run.assume(
            'the permission mode asked nobody before the containment, perhaps set by whoever got in, and was left contained: put it back by hand, once it is known who set it',
          )
        if (previous.debugLevel === FULL)
          context.run.assume(
            'the debug level was full before the containment, and was left off: put it back by hand, with a ticket',
          )
      },
    },
    verify: [settingsRestored],
  }
}

function putBack(program: string): Undo {
  return {
    describe: 'set both to what they were; full, and a mode that asks nobody, stay contained',
    commands: [`${program} ${SET_MODE} <mode>`, `${program} ${SET_LEVEL} <level>`],
    async execute(context) {
      const previous = context.values.find(previousSettings)
      if (previous === undefined)
        throw new RunproofError('COMMAND_FAILED', 'nothing was taken back: nobody noted what the settings were', {
          hint: 'runtime revisions shows those of before',
        })
      await setSettings(context, settingsToRestore(previous))
    },
  }
}

/**
 * Sets both: one that is refused or hangs keeps nobody from setting the other.
 *
 * @throws RunproofError COMMAND_FAILED naming what was not set; INTERRUPTED
 */
export async function setSettings(context: CheckContext, { permissionMode, debugLevel }: Settings): Promise<void> {
  const mode = await whyNotSet(context, 'permissionMode', permissionMode)
  const level = await whyNotSet(context, 'debugLevel', debugLevel)
  const wrong = [
    ...(mode === undefined ? [] : [`the permission mode was not set to ${wordOf(permissionMode)}: ${mode}`]),
    ...(level === undefined ? [] : [`the debug level was not set to ${debugLevel}: ${level}`]),
  ]
  if (wrong.length > 0)
    throw new RunproofError('COMMAND_FAILED', wrong.join('; '), { hint: 'runtime get shows what holds' })
}

type Setting = keyof Settings

async function whyNotSet(context: CheckContext, name: Setting, value: string): Promise<string | undefined> {
  const isHere = context.values.get(daemon).binary !== undefined
  try {
    return isHere
      ? await byClient(context, name, value).catch(async thrown => {
          if (toRunproofError(thrown).code !== 'TOOL_MISSING') throw thrown
          return overHttp(context, name, value)
        })
      : await overHttp(context, name, value)
  } catch (thrown) {
    const { code, message } = toRunproofError(thrown)
    if (context.signal.aborted || code === 'INTERRUPTED' || code === 'DISK_FULL') throw thrown
    return `${code}: ${message}`
  }
}

async function byClient(context: CheckContext, name: Setting, value: string): Promise<string | undefined> {
  const words = name === 'permissionMode' ? [SET_MODE, wordOf(value)] : [SET_LEVEL, value]
  const { exitCode } = await client(context, words.join(' ').split(' '), context.target.runs.read.runtime)
  return exitCode === 0 ? undefined : `exit ${exitCode}`
}

/** In the worst hour the program may be missing, or be what nobody trusts any more. */
async function overHttp(context: CheckContext, name: Setting, value: string): Promise<string | undefined> {
  const { path, body } = context.target.runs.setting(name, value)
  const { status } = await ask(context, path, { body })
  return status === 200 ? undefined : `${path} answered ${status}`
}

/** The command line writes a mode with hyphens where the answer has capitals. */
function wordOf(mode: string): string {
  return mode.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}
