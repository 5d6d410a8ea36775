import type { Scene } from '../../engine/conductor.ts'
import { wrap } from '../../findings/wrap.ts'
import { isManual, type Step } from '../../model/runbook.ts'
import type { Target } from '../../model/target.ts'
import type { Decision } from '../../policy/decide.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { lineWidth } from './say.ts'

const LABEL = 9

export interface Shown {
  readonly target: Pick<Target, 'id' | 'real'>
  /** Why what is acted on is in use. */
  readonly inUse: string | undefined
  readonly params: Readonly<Record<string, string | undefined>>
  /** Where what a step cites stands, as `file:line`. */
  readonly cited: (step: Step) => string | undefined
  /** Where `artifacts/` is while the run goes on: its evidence gets its name only at the end. */
  readonly artifactsDir: string
  /** Of the terminal; undefined where it does not say. */
  readonly columns: number | undefined
  /** Every text passes it, before it falls apart into lines: no half of a secret is one. */
  readonly redact: (text: string) => string
}

/** All that is known of a step before it is run, in plain text that a narrow terminal holds. */
export function screenLines(scene: Scene, shown: Shown): readonly string[] {
  const { step, index, steps, decision, operator } = scene
  const width = lineWidth(shown.columns)
  const row = (label: string, text: string) => labelled(label, shown.redact(text), width)
  const { target } = shown
  const where = `${target.id}${target.real ? ', real' : ''}${shown.inUse === undefined ? '' : ', in use'}`
  return [
    '',
    '-'.repeat(width),
    ...whole(shown.redact(`Step ${index + 1} of ${steps}: ${step.title}`), width),
    '',
    ...row('step', `${step.id}, effect ${step.effect}, on ${where}`),
    ...changes(step).flatMap(text => row('changes', text)),
    ...ran(step, shown.params).flatMap((command, at) => row(at === 0 ? 'runs' : '', command)),
    ...(index === 0 || namesArtifacts(step.run) ? row('files', `artifacts/ is ${shown.artifactsDir}`) : []),
    ...row('policy', policyText(decision, step)),
    ...row('undo', undoText(step)),
    ...undone(step, shown.params).flatMap(command => row('', command)),
    ...row('page', pageText(step, shown.cited)),
    ...row('role', roleText(scene)),
    ...row('operator', operator),
    ...(scene.undo === undefined ? [] : row('before', `u takes back ${scene.undo.describe}`)),
    '',
  ]
}

/** After a step that failed or gave no verdict: what became of it, and what it would mean to try it again. */
export function endedLines({ step, index, steps, ended }: Scene, { columns, redact }: Shown): readonly string[] {
  const width = lineWidth(columns)
  const { outcome = '', reason = '' } = ended ?? {}
  return [
    '',
    '-'.repeat(width),
    ...whole(redact(`Step ${index + 1} of ${steps} is ${outcome.toUpperCase()}: ${step.title}`), width),
    '',
    ...labelled('why', redact(reason), width),
    ...labelled('again', AGAIN[step.effect === 'read' || isManual(step.run) ? 'repeatable' : step.resume], width),
    '',
  ]
}

const AGAIN = {
  repeatable: 'it can be tried again without harm',
  'check-first': 'see first whether it took effect: it may have',
  once: 'it must not be done twice: see what it came to before you try again',
} as const

function whole(text: string, width: number): readonly string[] {
  return wrap(terminalLine(text), width).flatMap(line => broken(line, width))
}

function labelled(label: string, text: string, width: number): readonly string[] {
  return text
    .split('\n')
    .flatMap(line => whole(line, width - LABEL))
    .map((line, at) => `${(at === 0 ? label : '').padEnd(LABEL)}${line}`)
}

/** A word that is longer than a line goes on in the next one: nothing of a command may be cut off. */
function broken(line: string, width: number): readonly string[] {
  const parts: string[] = []
  for (let rest = line; rest !== ''; rest = rest.slice(width)) parts.push(rest.slice(0, width))
  return parts
}

function changes({ run }: Step): readonly string[] {
  if (!isManual(run)) return [run.describe]
  return [`by hand: ${run.instruction}`, ...(run.attachment === undefined ? [] : [`to be attached: ${run.attachment}`])]
}

/** Whether somebody has to read there, in the middle of a run. */
export function namesArtifacts(run: Step['run']): boolean {
  return (isManual(run) ? run.instruction : run.describe).includes('artifacts/')
}

/** With the parameters that were given in their places; secrets are names from the beginning. */
function ran({ run }: Step, params: Shown['params']): readonly string[] {
  if (isManual(run)) return []
  const commands = run.commands ?? []
  if (commands.length === 0) return ['no command of the target’s']
  return commands.map(command => `$ ${filled(command, params)}`)
}

/** What would be typed to take it back, filled in the same way. */
function undone(step: Step, params: Shown['params']): readonly string[] {
  const commands = 'undo' in step ? (step.undo.commands ?? []) : []
  return commands.map(command => `$ ${filled(command, params)}`)
}

function filled(command: string, params: Shown['params']): string {
  return command.replace(/<([A-Za-z][\w.-]*)>/g, (whole, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined
    return value ?? whole
  })
}

const DEFAULT_RULES: Readonly<Record<string, string>> = {
  'default.read': 'it only reads',
  'default.stand-in': 'the target is a stand-in that nobody uses',
  'default.write': 'it changes something on a target that is real or in use',
  'default.destroy': 'what it destroys does not come back',
  'default.none': 'no rule is for such a step',
}

function policyText({ verdict, rule, confirm, reason }: Decision, step: Step): string {
  if (isManual(step.run) && verdict === 'ask') return `a person acts and confirms it (${rule})`
  const verb = { allow: 'allows', deny: 'DENIES', ask: 'asks' }[verdict]
  const word = confirm === undefined ? '' : ` for the word ${confirm}`
  return `${verb}${word}: ${rule}, ${reason ?? DEFAULT_RULES[rule] ?? 'which gives no reason'}`
}

function undoText(step: Step): string {
  if ('undo' in step) return step.undo.describe
  if ('irreversible' in step) return `none: ${step.irreversible}`
  return 'not needed: it changes nothing'
}

function pageText(step: Step, cited: Shown['cited']): string {
  if (step.docs === undefined) return 'none'
  const { page, command } = step.docs
  const place = cited(step) ?? page
  return command === undefined ? place : `${place}: ${command}`
}

function roleText({ asked, operator }: Scene): string {
  if (asked.role === undefined) return 'none'
  if (asked.other) return `${asked.role}, held by ${asked.of}`
  return `${asked.role}, held by ${operator} (nobody else was named)`
}

export const KEYS = 'r run  s skip  u undo  e evidence  n note  h hand over  q stop  ? help'

/** After a step that did not end well. */
export const KEYS_AFTER = 'r again  s go on  u undo  e evidence  n note  h hand over  q stop  ? help'

export const HELP_AFTER: readonly string[] = [
  'r  try the step again',
  's  go on without it, with a reason; the run can not pass any more',
  'q  stop here; the command that goes on from this step is told at the end',
  'The other letters do what they do before a step.',
]

export const HELP: readonly string[] = [
  'Type one letter and Enter.',
  'r  run this step; what policy asks is asked next',
  's  leave it out, with a reason; the run goes on and can not pass any more',
  'u  take back the last step that can be taken back',
  'e  collect evidence now, into artifacts/snapshot-N',
  'n  write something down for the timeline',
  'h  hand over: somebody else is the operator, or holds a role',
  'q  stop: the run is torn down and sealed as interrupted',
  'Ctrl-C stops, too. Ctrl-D is no answer: it stops here, and denies where',
  'approval is asked.',
]
