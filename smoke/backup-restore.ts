#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import restoreDrill from '../runbooks/restore-drill.ts'
import { credentialRotated } from '../src/checks/restore/credential-rotated.ts'
import { rotateCredential, rotation } from '../src/drill/rotate-credential.ts'
import { running, source } from '../src/drill/subjects.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type ParamSpec, type Step } from '../src/model/runbook.ts'
import { reachOf, suiteConflict, suiteParams } from '../src/suite/params.ts'

/** What a drill that brings its own source takes; how a source of the operator's is restored is not this suite's. */
const ownParams = ['seed-sessions', 'seed-runs', 'seed-actions', 'seed-files', 'seed-size', 'compression', 'rto', 'rpo']
const settled = Object.entries(restoreDrill.params).filter(
  ([name, spec]) => ownParams.includes(name) || spec.default !== undefined,
)

export default defineRunbook({
  id: 'backup-restore',
  title: 'A backup of a daemon whose credential was just rotated can be restored',
  purpose: 'smoke',
  params: { ...suiteParams, ...(Object.fromEntries(settled) as Record<string, ParamSpec>) },
  conflict: suiteConflict,
  unfit: input => {
    if (reachOf(input) === 'running')
      return 'it backs up and restores a daemon of its own; runproof run backup and run restore-drill take a running one'
    return input.target.capabilities.includes('seed')
      ? undefined
      : 'it needs a daemon that can seed itself; runproof run restore-drill takes a backup set'
  },
  steps: input =>
    restoreDrill
      .steps(input)
      .flatMap(step => (step.id === 'marker' ? [rotate, step] : [step])) as unknown as NonEmpty<Step>,
})

const rotate: Step = {
  id: 'rotate',
  title: 'Rotate the credential of the source’s route',
  effect: 'write',
  docs: { page: 'production-runbooks', command: 'runtime auth revoke-slot openai.prod' },
  timeoutMs: 60_000,
  yields: [rotation],
  run: {
    describe: 'set a new value, revoke the slot, and set another value, which is what makes it usable again',
    commands: [
      'secrets list',
      'secrets set openai.prod --provider openai --stdin',
      'secrets get openai.prod',
      'runtime auth revoke-slot openai.prod',
      'status',
      'doctor routes --check-auth',
      'doctor routes --routes-file <routes-file> --check-auth',
    ].map(words => `kheish-daemon ${words}`),
    async execute(context) {
      const { values } = context
      context.set(rotation, await rotateCredential(context, values.get(source), values.get(running)))
    },
  },
  verify: [credentialRotated],
  irreversible: 'the source belongs to this run',
  resume: 'repeatable',
}
