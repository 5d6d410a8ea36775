#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { join } from 'node:path'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { handedOver } from '../src/checks/slots/handed-over.ts'
import { newTokenFits, rolesOpen } from '../src/checks/tokens/token-exchange.ts'
import {
  bothLetIn,
  fileTokenAccepted,
  fileWhole,
  nobodyShutOut,
  nobodyShutOutThroughout,
  rolesStillApart,
  tokenReplaced,
} from '../src/checks/tokens/token-rotation.ts'
import { answering, daemon } from '../src/daemon/subjects.ts'
import type { Capture } from '../src/model/capture.ts'
import { RunproofError } from '../src/model/error.ts'
import type { ReplaceStyle } from '../src/model/replace-file.ts'
import { defineRunbook, type PlanInput, type Runbook, type Step, type StepContext } from '../src/model/runbook.ts'
import { consumersBeforeStep, consumersStep } from '../src/rotation/consumers.ts'
import { deliverStep } from '../src/rotation/deliver.ts'
import { newSecret, takeNewSecret } from '../src/rotation/new-secret.ts'
import { tellAfterBreak, tookEffect, wasReplaced } from '../src/rotation/tokens/after-break.ts'
import { clients, clientsEndStep, clientsStep } from '../src/rotation/tokens/clients.ts'
import type { LoadReport } from '../src/rotation/tokens/load.ts'
import { ROTATION_WAYS, rotateOptions, rotationConflict, rotationParams } from '../src/rotation/tokens/params.ts'
import { rotateUnderLoad } from '../src/rotation/tokens/rotate.ts'
import {
  type Exchange,
  exchange,
  REPLACED_AT,
  type Role,
  rotation,
  swapBegun,
} from '../src/rotation/tokens/subjects.ts'
import { tellState } from '../src/rotation/tokens/tell-state.ts'
import { reachOf, suiteInUse, suiteLacks, suiteUnresumable } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'
/** Starting, asking before and after, and reading along. */
const BESIDES_MS = 60_000

const NAMES = {
  admin: { token: 'admin token', file: 'admin-token' },
  readonly: { token: 'read-only token', file: 'readonly-token' },
} as const

export default tokenRotation(
  'admin',
  'Replace the admin token of a daemon that is asked all the time, and prove the old one dead',
)

/** The rotation of one of the two tokens of the control plane. */
export function tokenRotation(role: Role, title: string): Runbook {
  const { token } = NAMES[role]
  return defineRunbook({
    id: `rotate-${role}-token`,
    title,
    purpose: 'rotation',
    params: rotationParams,
    secrets: ['new', 'old'],
    conflict: rotationConflict,
    lacks: suiteLacks,
    inUse: suiteInUse,
    unresumable: suiteUnresumable,
    ways: ROTATION_WAYS,
    limits: input => [
      ...(input.params['deliver-command'] === undefined
        ? [`who else holds the old ${token}: it is refused now, and nobody told them`]
        : []),
      ...(input.params['consumer-probe'] === undefined
        ? ['whether the consumers of the token work with the new one: no consumer-probe= was given']
        : []),
      'other daemons that read another file, and copies of the file in backups',
      'extended attributes and access control lists of the file, which a new one under its name does not have',
      ...(reachOf(input) === 'running'
        ? ['what a rotation on this daemon looks like when it goes wrong: it is in use, and nothing of it is broken']
        : []),
    ],
    steps: input => [
      daemonStep(input, { verify: [instanceReady] }),
      look(role, rotateOptions(input).style),
      // From before anybody is given the new token to after the last one was asked.
      clientsStep(rotateOptions(input).ratePerSecond, bothLetIn),
      // What is handed over is what is in the file in the end: a value that was made here and died undelivered is made anew.
      ...deliverStep(input, { handedOver }).map(step => ({ ...step, yields: step.yields!.map(endsWithProcess) })),
      ...consumersBeforeStep(input, { consumersAsked }),
      rotate(role, input),
      verify(role),
      ...consumersStep(input, { consumersWork }),
      clientsEndStep(rotateOptions(input).maxGapMs, nobodyShutOutThroughout, tellRows),
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ],
  })
}

/** After a break the step is run again, or asks first. */
const endsWithProcess = ({ id, describe }: Capture<unknown>): Capture<unknown> => ({ id, describe })

const look = (role: Role, style: ReplaceStyle): Step => ({
  id: 'look',
  title: `Look at both tokens, and at the new ${NAMES[role].token}`,
  effect: 'read',
  docs: { page: PAGE, command: `--token-file $KEYS/${NAMES[role].file} status` },
  timeoutMs: 30_000,
  afterFailure: [answering],
  yields: [newSecret, exchange],
  run: {
    describe:
      'read both token files; see whether the file can be replaced; take the new token from --secret new=, or make one of 32 random bytes',
    async execute(context) {
      const swap = await exchangeOf(context, role)
      // Before anybody is handed a value that the file might never get.
      if (!swap.replaced) await context.tools.replaceFile.rehearse(swap.file, style)
      context.set(exchange, swap)
    },
  },
  verify: [newTokenFits, rolesOpen],
})

async function exchangeOf(context: StepContext, role: Role): Promise<Exchange> {
  const { adminTokenFile, readonlyTokenFile } = context.values.get(daemon)
  const read = async (file: string, name: string) => {
    const secret = await context.tools.files.readSecret(file, name)
    context.protect(secret)
    return secret
  }
  const admin = await read(adminTokenFile!, 'admin-token-of-now')
  const readonly = await read(readonlyTokenFile!, 'readonly-token-of-now')
  const [file, inFile, other] =
    role === 'admin' ? [adminTokenFile!, admin, readonly] : [readonlyTokenFile!, readonly, admin]
  const old = context.secrets['old']
  const replaced = wasReplaced(context, inFile)
  tellAfterBreak(context, replaced, NAMES[role].token)
  if (replaced) {
    context.set(newSecret, inFile)
    return { role, file, from: old, to: inFile, other, replaced }
  }
  if (old !== undefined)
    throw new RunproofError('PARAM_INVALID', `--secret old= is for a run that broke off after the replacement`, {
      hint: 'leave it out: the file has the token that is replaced; nothing was written',
    })
  return { role, file, from: inFile, to: takeNewSecret(context), other, replaced }
}

const rotate = (role: Role, input: PlanInput): Step => {
  const { token, file } = NAMES[role]
  const options = rotateOptions(input)
  return {
    id: 'rotate',
    title: `Replace the ${token} in its file while both roles ask`,
    effect: 'write',
    docs: { page: PAGE, command: `mv $KEYS/${file}.next $KEYS/${file}` },
    timeoutMs: options.withinMs + BESIDES_MS,
    yields: [swapBegun, rotation],
    resume: 'check-first',
    tookEffect,
    irreversible: 'the old value is never stored: rolling back means rotating again',
    run: {
      describe: `have the clients ask ${options.ratePerSecond} times a second, read the file all the time; replace it (${options.style}); show the old token a few times`,
      async execute(context) {
        const { run, tools } = context
        const swap = context.values.get(exchange)
        const { from, file } = swap
        if (from === undefined || swap.replaced)
          throw new RunproofError('INTERNAL', `the ${token} was replaced before the break`)
        let replacedAt: string | undefined
        const at = () => tools.clock.now().toISOString()
        const onReplacing = () => context.set(swapBegun, { file, at: at() })
        const onReplaced = () => {
          replacedAt = at()
          run.fact(REPLACED_AT, replacedAt)
        }
        const how = { ...options, onReplacing, onReplaced }
        const seen = await rotateUnderLoad(context, { ...swap, from }, how, context.values.get(clients)).catch(
          async thrown => {
            await tellState(context, swap, replacedAt)
            throw thrown
          },
        )
        context.set(rotation, seen)
        const { load, reads } = seen
        const facts = {
          style: seen.style,
          replacedMs: seen.replacedMs,
          firstNewMs: seen.firstNewMs ?? 'never',
          lastOldMs: seen.lastOldMs ?? 'never',
          requests: load.requests,
          perSecond: load.perSecond,
          gapMs: load.gapMs,
          longestSilenceMs: load.longestSilenceMs,
          neither: load.neither,
          fileReads: reads.reads,
          tornReads: reads.torn + reads.empty + reads.missing,
          refusals: seen.refusals,
          heldStream: seen.heldStream,
        }
        for (const [name, value] of Object.entries(facts)) run.fact(`rotation.${name}`, value)
        if (reachOf(input) === 'running')
          run.assume(`${file} holds the new ${token} since ${replacedAt}, and the old one is stored nowhere`)
        run.assume(`${seen.refusals} requests of the rotation were refused, and stand in the daemon’s audit log`)
        if (seen.otherNames > 0)
          run.assume(`the old file has ${seen.otherNames} other names, which go on holding the old token`)
        if (seen.staleRemoved > 0)
          run.assume(`${seen.staleRemoved} copies of a token that a killed replacement had left were removed`)
        await tools.files.write(join(run.artifactsDir, 'rotation.json'), `${JSON.stringify(seen, null, 2)}\n`)
      },
    },
    verify: [tokenReplaced, nobodyShutOut, fileWhole, fileTokenAccepted],
  }
}

const verify = (role: Role): Step => ({
  id: 'verify',
  title: 'See that the roles are still apart',
  effect: 'read',
  docs: { page: PAGE, command: `--token-file $KEYS/${NAMES[role].file} status` },
  timeoutMs: 30_000,
  run: {
    describe: 'nothing: its check asks; with the read-only token it also asks for a change, to be refused',
    async execute({ run, values }) {
      const shown = shownInTheEnd(values.get(exchange))
      run.assume(
        `the check of the roles shows ${shown.length} more that have to be refused, and then stand there: ${shown.join(', ')}`,
      )
    },
  },
  verify: [rolesStillApart],
})

/** What the check of the roles shows, to be refused. */
function shownInTheEnd({ from }: Exchange): readonly string[] {
  const always = ['a missing token', 'a wrong one', 'a change with the read-only one']
  return from === undefined ? always : [...always, 'the replaced one']
}

/** Whoever is paged by rows of the audit log finds out here how many are ours. */
function tellRows({ run, values }: StepContext, { refusals }: LoadReport): void {
  const swap = values.get(exchange)
  const seen = values.find(rotation)
  if (seen === undefined || !run.ended().some(({ id, outcome }) => id === 'verify' && outcome !== 'skipped')) return
  // Clients that began to ask after a break were refused apart from those of the replacement.
  const since = swap.replaced ? refusals : refusals - seen.load.refusals
  run.fact('rotation.auditRows', seen.refusals + since + shownInTheEnd(swap).length)
}
