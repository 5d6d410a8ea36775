import type { NonEmpty } from '../model/check.ts'
import type { Effect, Manual, Runbook, Step } from '../model/runbook.ts'
import { isManual } from '../model/runbook.ts'
import type { Place } from './place.ts'

/** One way to run a runbook, planned. */
export interface PlannedWay {
  readonly title: string
  /** The command line that runs it. */
  readonly command: string
  readonly steps: NonEmpty<PlannedStep>
  /** What is known beforehand not to be tested. */
  readonly limits: readonly string[]
  /** Why no subject is broken. */
  readonly inUse: string | undefined
}

export interface PlannedStep {
  readonly step: Step
  /** What the policy says of it: `allow`, `ask`, `deny`. */
  readonly policy: string
  /** Where what it cites stands. */
  readonly cited: Place | undefined
}

export interface RunbookPage {
  readonly runbook: Runbook
  /** Name of its file, beside which the page lies. */
  readonly source: string
  /** The program whose commands steps run. */
  readonly program: string
  readonly ways: NonEmpty<PlannedWay>
  /** From the page to a file of the checkout. */
  readonly linkTo: (file: string) => string
}

/** The page of a runbook, made of nothing but its plan: the same plan gives the same bytes. */
export function renderRunbookPage({ runbook, source, program, ways, linkTo }: RunbookPage): string {
  const [first, ...others] = ways
  const shown: Shown = { steps: new Set(), checks: new Set() }
  const steps = (way: PlannedWay) => way.steps.map((step, index) => stepLines(step, index, shown, linkTo)).join('\n\n')
  return [
    `---\ntitle: ${JSON.stringify(`${runbook.id}: ${runbook.title}`)}\nprogram: ${program}\n---`,
    `<!-- Made of ${source} by \`runproof docs write\`. Changes are made there. -->`,
    `# ${runbook.id}: ${prose(runbook.title)}`,
    `Purpose: ${runbook.purpose}. ${effectOf(ways)} Below each check stands what has to turn it red: an *observation* that its judge is given, or its *subject*, broken for real on a copy. What does not turn it red makes the run unproven.`,
    `## How to run it`,
    fence([first.command, ...others.map(({ command }) => command), `bin/runproof plan ${runbook.id}`]),
    others.length === 0
      ? `The first line runs it ${lower(first.title)}, the second shows what it would do and runs nothing.`
      : `In this order: ${[first, ...others].map(({ title }) => lower(title)).join('; ')}. The last line shows what it would do and runs nothing.`,
    `## Parameters`,
    paramTable(runbook),
    `Secrets that can be given by name: ${runbook.secrets === undefined || runbook.secrets.length === 0 ? 'none' : runbook.secrets.map(code).join(', ')}.`,
    ...ways.flatMap(way => [`## ${prose(way.title)}`, leftAlone(way), steps(way), limits(way)]),
  ]
    .filter(part => part !== '')
    .join('\n\n')
    .concat('\n')
}

const WRITES: Readonly<Record<Effect, string>> = {
  read: 'Its steps change nothing but what the run itself made.',
  write: 'Some of its steps write.',
  destroy: 'Some of its steps stop or destroy something.',
}

/** What was said before on the page, and need not be said again. */
interface Shown {
  readonly steps: Set<string>
  readonly checks: Set<string>
}

function effectOf(ways: readonly PlannedWay[]): string {
  const effects = ways.flatMap(({ steps }) => steps.map(({ step }) => step.effect))
  return WRITES[effects.includes('destroy') ? 'destroy' : effects.includes('write') ? 'write' : 'read']
}

function paramTable({ params }: Runbook): string {
  const rows = Object.entries(params).map(([name, { describe, example, default: usual, required }]) => {
    const value =
      required === true
        ? 'required'
        : usual !== undefined
          ? `${code(usual)} unless given`
          : example === undefined
            ? ''
            : `for example ${code(example)}`
    return `| ${code(`${name}=`)} | ${cell(prose(describe))} | ${cell(value)} |`
  })
  return rows.length === 0
    ? 'It takes none.'
    : ['| parameter | what | value |', '| --- | --- | --- |', ...rows].join('\n')
}

function stepLines(
  { step, policy, cited }: PlannedStep,
  index: number,
  shown: Shown,
  linkTo: (file: string) => string,
): string {
  const head = `### ${index + 1}. ${prose(step.title)}`
  const how = howLines(step, policy, cited, linkTo)
  const checks = step.verify.map(checkLines)
  const key = [step.title, how, ...checks].join('\n')
  if (shown.steps.has(key)) return `${head}\n\nAs above.`
  shown.steps.add(key)
  const lines = checks.map((text, at) => {
    const [title] = text.split('\n')
    if (shown.checks.has(text) && step.verify[at]!.counterproofs.length > 1) return `${title}, broken as above`
    shown.checks.add(text)
    return text
  })
  return [head, how, ...(lines.length === 0 ? [] : [lines.join('\n')])].join('\n\n')
}

function manualLines({ instruction, confirm, attachment }: Manual): readonly string[] {
  return [
    sentence(`A person acts: ${instruction}`),
    sentence(`Confirmed by name: ${confirm}`),
    ...(attachment === undefined ? [] : [sentence(`To be attached: ${attachment}`)]),
  ]
}

function howLines(step: Step, policy: string, cited: Place | undefined, linkTo: (file: string) => string): string {
  const { run, docs, role } = step
  const commands = isManual(run) ? [] : (run.commands ?? [])
  const undo =
    'undo' in step
      ? `Undo: ${step.undo.describe}`
      : 'irreversible' in step
        ? `No undo: ${step.irreversible}`
        : undefined
  return [
    `${code(step.id)}: effect ${step.effect}, policy ${policy}${role === undefined ? '' : `, role ${role}`}.`,
    ...(isManual(run) ? manualLines(run) : [sentence(run.describe)]),
    commands.length === 0 ? '' : fence(commands),
    docs === undefined || cited === undefined
      ? ''
      : `Documented: [${docs.page}](${linkTo(cited.file)})${docs.command === undefined ? '' : `, line ${cited.line}: ${code(docs.command)}`}.`,
    undo === undefined ? '' : sentence(undo),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

function checkLines({ id, title, counterproofs }: Step['verify'][number]): string {
  return [
    `- ${prose(title)} (${code(id)})`,
    ...counterproofs.map(proof => `  - ${'subject' in proof ? 'subject' : 'observation'}: ${prose(proof.breaks)}`),
  ].join('\n')
}

function leftAlone({ inUse }: PlannedWay): string {
  return inUse === undefined ? '' : `Subjects are left alone this way (${prose(inUse)}).`
}

function limits({ limits: known }: PlannedWay): string {
  return known.length === 0
    ? ''
    : ['Not tested this way:', known.map(limit => `- ${prose(limit)}`).join('\n')].join('\n\n')
}

/** As a shell would be given them; `…` is what stands for the rest elsewhere. */
function fence(lines: readonly string[]): string {
  return ['```bash', ...lines.map(line => line.replaceAll('…', '...')), '```'].join('\n')
}

function code(text: string): string {
  const fencing = text.includes('`') ? '``' : '`'
  return `${fencing}${text}${fencing}`
}

/** Text that Markdown would take for markup, outside of code. */
function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[<>*_[\]\\]/g, mark => `\\${mark}`)))
    .join('')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function sentence(text: string): string {
  const shown = prose(text)
  return `${shown.slice(0, 1).toUpperCase()}${shown.slice(1)}${/[.!?]$/.test(shown) ? '' : '.'}`
}

function lower(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`
}
