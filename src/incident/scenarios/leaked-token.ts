import { askWith } from '../../daemon/admin-token.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import { parseDuration } from '../../model/duration.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { ReplaceStyle } from '../../model/replace-file.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import { type Held, holdStream } from '../../rotation/tokens/held-stream.ts'
import { refuseChanged } from '../../rotation/tokens/rotate.ts'
import { whyUnfit } from '../../rotation/tokens/token-rules.ts'
import { passTime, pauseWithin, replaceToken, SILENCE, statusOrSilence, type Turn } from '../../suite/token-rotation.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000
/** More looks are more refusals in the audit log; the attacker’s view looks again afterwards. */
const SHOWN_AGAIN = 1

const pauseMs = (look: number) => Math.min(FIRST_PAUSE_MS * 2 ** look, LONGEST_PAUSE_MS)

/** The token that got out, and the one in its place. */
export interface Leaked {
  readonly file: string
  /** Undefined where a run went on after a break: no run keeps a token, and the file has the new one. */
  readonly token: Secret | undefined
  readonly replacement: Secret
  /** A stream that somebody holds with the leaked token; undefined where none could be opened before. */
  readonly held: Held | undefined
}
export const leaked = capture<Leaked>('leaked', 'the token that leaked, and the one in its place')

/** Set right before the file is replaced: a run that goes on knows then that the file may have a new token already. */
export const replacementBegun = keptCapture<{ readonly at: string }>(
  'replacement-begun',
  'that the token was about to be replaced',
)

/** What was seen while it was replaced, in milliseconds from the moment that is named. */
export interface Containment {
  readonly turn: Turn
  /** Which token was shown; after a break in the replacement nobody knows which one the file had, or nobody has the leaked one. */
  readonly shown:
    | 'the leaked one'
    | 'the leaked one, or one that took its place before the break'
    | typeof NO_LEAKED_ONE
  /** The file had the token of `--secret new=` already, since before the break. */
  readonly wasThere?: true
  readonly style: ReplaceStyle
  readonly refusals: number
  /** Before the first of them. */
  readonly fromMs: number
  /** From the replacement. */
  readonly waitedMs: number
  readonly withinMs: number
  /** From the start of this process, until it was known what both tokens give. */
  readonly refusedAfterMs: number
}

/** Whether the leaked token was seen refused, and the one in its place accepted. */
export function isShutOut({ turn }: Pick<Containment, 'turn'>): boolean {
  return turn.oldAfter === 401 && turn.newAfter === 200
}

/** What was seen of a leaked token that is not shut out, or of which nobody knows. */
export function whatWasSeen({ turn, shown }: Pick<Containment, 'turn' | 'shown'>): string {
  const said = (status: number) => (status === SILENCE ? 'no answer' : String(status))
  if (shown === NO_LEAKED_ONE)
    return `the leaked one was NOT seen refused (the run broke off, and nobody has it), the new one gave ${said(turn.newAfter)}`
  return `the leaked one was NOT seen refused (${said(turn.oldAfter)}), nor the new one accepted (${said(turn.newAfter)})`
}

export const containment = keptCapture<Containment>('containment', 'how the leaked token was replaced')

/** Nobody saw what the leaked token gives. */
export const NO_LEAKED_ONE = 'none: the run broke off once the file was replaced, and no run keeps the leaked one'

const UNHELD: Held = { state: () => 'not opened: the daemon gave no answer', isOpen: () => false, close() {} }

/**
 * Replaces the admin token in its file at once, and shows the leaked one until it is refused. Of what is lost by it only the facts
 * of the file are kept before: replacing changes nothing in the daemon, and everything else can be looked at afterwards, without an
 * intruder in it.
 *
 * A daemon that gives no answer keeps nobody from it: it may come back, with the leaked token good.
 *
 * @throws RunproofError PARAM_INVALID for a new token that is none, and for a file whose token the daemon refuses, with nothing
 *   written; what replacing the file throws
 */
export async function replaceLeakedToken(context: StepContext): Promise<void> {
  const { run, secrets, tools, values } = context
  const fromMs = tools.clock.now().getTime()
  const file = values.get(daemon).adminTokenFile!
  const before = await tools.files.facts(file)
  const current = await tools.files.readSecret(file, 'admin-token-of-now')
  const wasBegun = values.find(replacementBegun) !== undefined
  // Who names the new token has it written once: where the file has it, the break came after that.
  if (wasBegun && secrets['new']?.reveal() === current.reveal()) {
    await goOnReplaced(context, current)
    return
  }
  const isUnsure = secrets['leaked'] === undefined && wasBegun
  if (isUnsure)
    run.notTested(
      'whether the leaked token is refused: the run broke off while it was replaced, so the one that is replaced now may be the one in between; --secret leaked=file:PATH shows it',
    )
  const token = secrets['leaked'] ?? current
  const to = newTokenFor(context, current, token)
  const opens = await seeRightFile(context, file, current, wasBegun)
  const held = opens === SILENCE ? UNHELD : await holdStream(context, token)
  run.defer('the stream with the leaked token', async () => held.close())
  const settled = await replaceAndShow(context, { file, current, token, to })
  const refusedAfterMs = Math.round(tools.clock.monotonicMs())
  context.set(leaked, { file, token: isUnsure ? undefined : token, replacement: to, held })
  const shown = isUnsure ? 'the leaked one, or one that took its place before the break' : 'the leaked one'
  context.set(containment, { ...settled, fromMs, shown, ...howOf(context), refusedAfterMs })
  if (isShutOut(settled)) run.fact('containment.refusedAfterMs', refusedAfterMs)
  run.fact('containment.heldStream', held.state())
  if (before !== undefined)
    run.fact(
      'containment.fileBefore',
      `mode ${before.mode.toString(8)}, owner ${before.uid}:${before.gid}, ${before.sizeBytes} bytes`,
    )
  run.assume(`${settled.refusals} requests of the containment were refused, and stand in the daemon’s audit log`)
}

function howOf({ params }: StepContext): Pick<Containment, 'style' | 'withinMs'> {
  return { style: params['style'] as ReplaceStyle, withinMs: parseDuration(params['within']!) }
}

/** @throws RunproofError PARAM_INVALID for one that is none, or known already */
function newTokenFor(context: StepContext, current: Secret, token: Secret): Secret {
  const to = context.secrets['new'] ?? randomSecret('new-admin-token')
  for (const secret of [current, token, to]) context.protect(secret)
  const others = [context.values.get(daemon).readonlyToken ?? current, token]
  const unfit = others.map(other => whyUnfit(to, current, other)).find(Boolean)
  if (unfit === undefined) return to
  throw new RunproofError('PARAM_INVALID', `the new token is refused: ${unfit}; nothing was written`, {
    hint: '--secret new=generate, or leave it out: a new one is made',
  })
}

/**
 * What the token in the file gives.
 *
 * @throws RunproofError PARAM_INVALID where the daemon does not go by that file
 */
async function seeRightFile(context: StepContext, file: string, current: Secret, wasBegun: boolean): Promise<number> {
  const opens = await statusOrSilence(context, context.target.http.secrets, current)
  // After a break the file may have a token that the daemon has not read yet: it was seen to be the right file before.
  if (!wasBegun && (opens === 401 || opens === 403))
    throw new RunproofError(
      'PARAM_INVALID',
      `${file} is not the admin token file of this daemon: what stands in it gave ${opens}; nothing was replaced`,
      { hint: '--param admin-token-file= takes the file that the daemon was started with' },
    )
  if (opens === SILENCE)
    context.run.assume(
      `${file} is the file that the daemon reads: the daemon gave no answer, so the token was replaced without seeing that`,
    )
  return opens
}

interface Swap {
  readonly file: string
  /** What the file holds. */
  readonly current: Secret
  /** What got out: the same, unless another one was given. */
  readonly token: Secret
  readonly to: Secret
}

/** @throws RunproofError what replacing the file throws; what asking throws, with what the file holds then */
async function replaceAndShow(context: StepContext, { file, current, token, to }: Swap) {
  const { run, tools, values, target } = context
  const { style, withinMs } = howOf(context)
  let isReplaced = false
  return await replaceToken(context, {
    from: token,
    to,
    path: target.http.secrets,
    withinMs,
    despiteSilence: true,
    shownAgain: SHOWN_AGAIN,
    pauseMs,
    async replace() {
      await refuseChanged(context, file, current)
      if (values.find(replacementBegun) === undefined)
        context.set(replacementBegun, { at: tools.clock.now().toISOString() })
      await tools.replaceFile.replace(file, to, style)
      isReplaced = true
      // From here on whoever asks, asks with the new one.
      askWith(values.get(daemon), to)
      run.fact('containment.replacedAt', tools.clock.now().toISOString())
    },
  }).catch(thrown => {
    throw isReplaced ? withState(thrown, file) : thrown
  })
}

/**
 * After a break between the replacement and what was to be seen of it: nothing is replaced again. The leaked token is shown where it
 * is given.
 *
 * @throws RunproofError PARAM_INVALID where the one that is given as leaked is the new one
 */
async function goOnReplaced(context: StepContext, to: Secret): Promise<void> {
  const { params, run, secrets, tools, target, values } = context
  const token = secrets['leaked']
  for (const secret of [to, token]) if (secret !== undefined) context.protect(secret)
  if (token?.reveal() === to.reveal())
    throw new RunproofError('PARAM_INVALID', 'the leaked token that is given is the new one', {
      hint: '--secret leaked=file:PATH takes the one that got out; without it nobody shows it',
    })
  const asked = values.get(daemon)
  const [path, withinMs] = [target.http.secrets, parseDuration(params['within']!)]
  askWith(asked, to)
  const fromMs = tools.clock.now().getTime()
  const settled =
    token === undefined
      ? await seeAccepted(context, { to, path, withinMs })
      : await replaceToken(context, {
          ...{ from: token, to, path, withinMs, despiteSilence: true, shownAgain: SHOWN_AGAIN },
          pauseMs,
          replace: async () => {},
        })
  const refusedAfterMs = Math.round(tools.clock.monotonicMs())
  context.set(leaked, { file: asked.adminTokenFile!, token, replacement: to, held: undefined })
  context.set(containment, {
    ...settled,
    fromMs,
    shown: token === undefined ? NO_LEAKED_ONE : 'the leaked one',
    wasThere: true,
    style: params['style'] as ReplaceStyle,
    withinMs,
    refusedAfterMs,
  })
  if (token === undefined)
    run.notTested(
      'whether the leaked token is refused: the run broke off once the file was replaced, and no run keeps a token; --secret leaked=file:PATH shows it',
    )
  run.assume(`${asked.adminTokenFile} has had the new token since before the break: it was not replaced again`)
  run.assume(`${settled.refusals} requests of the containment were refused, and stand in the daemon’s audit log`)
}

/** Waits until the new token is accepted. What the old one gives nobody knows. */
async function seeAccepted(
  context: StepContext,
  { to, path, withinMs }: { readonly to: Secret; readonly path: string; readonly withinMs: number },
): Promise<Pick<Containment, 'turn' | 'refusals' | 'waitedMs'>> {
  const { clock } = context.tools
  const begunMs = clock.monotonicMs()
  let refusals = 0
  for (let look = 0; ; look += 1) {
    const newAfter = await statusOrSilence(context, path, to)
    if (newAfter !== 200 && newAfter !== SILENCE) refusals += 1
    const waitedMs = clock.monotonicMs() - begunMs
    if (newAfter === 200 || waitedMs > withinMs)
      return { turn: { oldBefore: SILENCE, newBefore: SILENCE, oldAfter: SILENCE, newAfter }, refusals, waitedMs }
    await passTime(context, pauseWithin(withinMs - waitedMs, pauseMs(look)))
  }
}

/** After a break: the file has the new token, and nobody the leaked one, unless it is given. */
export async function leakedAfterBreak(context: StepContext): Promise<void> {
  const asked = context.values.get(daemon)
  const file = asked.adminTokenFile!
  const replacement = await context.tools.files.readSecret(file, 'new-admin-token')
  context.protect(replacement)
  context.set(leaked, { file, token: context.secrets['leaked'], replacement, held: undefined })
}

/**
 * Tells what became of the stream that was held with the leaked token, and lets go of it; the contract does not say what has to.
 * A daemon that is stopped would wait for it.
 */
export function tellHeldStream({ values, run }: StepContext): void {
  const { held } = values.get(leaked)
  if (held === undefined) {
    run.notTested('whether a stream that is held with the leaked token outlives it: the run that opened one broke off')
    return
  }
  held.close()
  const state = held.state()
  run.fact('containment.heldStream', state)
  if (held.isOpen())
    run.assume(
      `whoever holds an event stream since before the replacement still reads it (${state}): it ends when the daemon restarts, or when the proxy in front cuts it`,
    )
}

function withState(thrown: unknown, file: string): RunproofError {
  const error = toRunproofError(thrown)
  return new RunproofError(
    error.code,
    `${error.message}; ${file} holds the new token already, the leaked one is gone`,
    {
      hint: 'see that the daemon runs, then show it the leaked token by hand, once',
      cause: error,
    },
  )
}
